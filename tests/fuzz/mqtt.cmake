aiot_fuzzer(mqtt_packet LINKS aiot_mqtt)
