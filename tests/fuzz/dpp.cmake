aiot_fuzzer(dpp_device LINKS aiot_dpp)
aiot_fuzzer(dpp_replies LINKS aiot_dpp)
