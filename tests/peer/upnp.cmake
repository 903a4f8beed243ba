aiot_test(peer_upnp SOURCES upnp_devices.cpp LINKS aiot_job_discover aiot_sim LABELS peer TIMEOUT 120)
