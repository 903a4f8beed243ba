aiot_test(peer_listen_mqtt SOURCES listen_mqtt.cpp LINKS aiot_job_listen LABELS peer TIMEOUT 300)
