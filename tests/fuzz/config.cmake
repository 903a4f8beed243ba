aiot_fuzzer(config_yaml LINKS aiot_config)
