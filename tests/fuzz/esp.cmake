aiot_fuzzer(slip LINKS aiot_esp)
aiot_fuzzer(esp_reply LINKS aiot_esp)
aiot_fuzzer(esp_device LINKS aiot_esp_device)
aiot_fuzzer(stub_json LINKS aiot_esp)
