aiot_fuzzer(dns_message LINKS aiot_dnssd)
