aiot_fuzzer(improv_serial LINKS aiot_improv)
aiot_fuzzer(improv_ble LINKS aiot_improv)
