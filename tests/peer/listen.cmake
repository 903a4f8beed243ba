aiot_test(peer_listen_mqtt SOURCES listen_mqtt.cpp LINKS aiot_job_listen LABELS peer TIMEOUT 300)
aiot_test(peer_panic SOURCES panic_addr2line.cpp LINKS aiot_job_listen aiot_image LABELS peer)
add_test(NAME peer_listen COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/listen_test.py $<TARGET_FILE:aiotctl>)
set_tests_properties(peer_listen PROPERTIES TIMEOUT 300 LABELS peer)
