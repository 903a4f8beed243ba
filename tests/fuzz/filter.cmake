aiot_fuzzer(filter LINKS aiot_filter)
