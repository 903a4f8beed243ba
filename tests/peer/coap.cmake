aiot_test(peer_coap SOURCES coap_libcoap.cpp LINKS aiot_job_discover LABELS peer)
aiot_test(peer_miio SOURCES miio_python.cpp LINKS aiot_miio LABELS peer)
