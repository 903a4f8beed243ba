aiot_fuzzer(rfc2217 LINKS aiot_net)
aiot_fuzzer(trace LINKS aiot_net)
