aiot_test(peer_dnssd SOURCES dnssd_avahi.cpp LINKS aiot_job_discover LABELS peer)
