aiot_fuzzer(miio_packet LINKS aiot_miio)
