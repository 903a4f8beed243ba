aiot_fuzzer(setup_code LINKS aiot_setup_code)
