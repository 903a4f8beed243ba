aiot_fuzzer(dns_message LINKS aiot_dnssd)
aiot_fuzzer(mdns_observation LINKS aiot_job_discover)
