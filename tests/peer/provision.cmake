aiot_test(peer_improv SOURCES improv_sdk.cpp LINKS aiot_sim LABELS peer TIMEOUT 120)
aiot_test(peer_wifi SOURCES wifi_move.cpp LINKS aiot_job_pair LABELS peer TIMEOUT 120)
