aiot_fuzzer(address LINKS aiot_core)
aiot_fuzzer(config_yaml LINKS aiot_config)
aiot_fuzzer(secrets LINKS aiot_config)
