aiot_fuzzer(arduino_ota LINKS aiot_arduino_ota)
aiot_fuzzer(http_update LINKS aiot_http_update)
