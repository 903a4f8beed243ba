aiot_fuzzer(protocomm LINKS aiot_protocomm)
