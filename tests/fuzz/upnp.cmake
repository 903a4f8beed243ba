aiot_fuzzer(ssdp_message LINKS aiot_ssdp)
aiot_fuzzer(ssdp_responder LINKS aiot_ssdp)
aiot_fuzzer(upnp_description LINKS aiot_ssdp)
aiot_fuzzer(wsd_message LINKS aiot_wsd)
