aiot_fuzzer(power_line LINKS aiot_power)
