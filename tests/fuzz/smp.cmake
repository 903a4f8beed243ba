aiot_fuzzer(smp_packet LINKS aiot_smp)
aiot_fuzzer(smp_console LINKS aiot_smp)
aiot_fuzzer(smp_ble LINKS aiot_smp)
