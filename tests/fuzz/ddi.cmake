aiot_fuzzer(ddi_feedback LINKS aiot_ddi)
