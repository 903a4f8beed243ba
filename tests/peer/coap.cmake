aiot_test(peer_coap SOURCES coap_libcoap.cpp LINKS aiot_job_discover LABELS peer)
aiot_test(peer_miio SOURCES miio_python.cpp LINKS aiot_miio LABELS peer)
add_test(NAME peer_listen_coap COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/listen_coap_test.py $<TARGET_FILE:aiotctl>)
set_tests_properties(peer_listen_coap PROPERTIES TIMEOUT 300 LABELS peer)
