aiot_test(peer_listen_mqtt SOURCES listen_mqtt.cpp LINKS aiot_job_listen LABELS peer TIMEOUT 300)
aiot_test(peer_panic SOURCES panic_addr2line.cpp LINKS aiot_job_listen aiot_image LABELS peer)
