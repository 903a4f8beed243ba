aiot_fuzzer(esp_image LINKS aiot_image)
aiot_fuzzer(partition_table LINKS aiot_image)
