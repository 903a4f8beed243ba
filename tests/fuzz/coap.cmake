aiot_fuzzer(coap_message LINKS aiot_coap)
aiot_fuzzer(coap_requester LINKS aiot_coap)
aiot_fuzzer(link_format LINKS aiot_coap)
