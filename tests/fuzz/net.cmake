aiot_fuzzer(http_message LINKS aiot_net)
aiot_fuzzer(rfc2217 LINKS aiot_net)
aiot_fuzzer(trace LINKS aiot_net)
