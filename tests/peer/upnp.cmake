aiot_test(peer_upnp SOURCES upnp_devices.cpp LINKS aiot_job_discover LABELS peer TIMEOUT 120)
