aiot_test(peer_dpp SOURCES dpp_wpa_supplicant.cpp LINKS aiot_job_pair LABELS peer)
