aiot_fuzzer(gadget LINKS aiot_sim)
