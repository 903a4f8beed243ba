aiot_fuzzer(tuya_packet LINKS aiot_tuya)
