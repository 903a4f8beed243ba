aiot_fuzzer(rfc2217 LINKS aiot_net)
