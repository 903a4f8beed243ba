aiot_fuzzer(tuf_metadata LINKS aiot_tuf)
aiot_fuzzer(tuf_update LINKS aiot_tuf)
