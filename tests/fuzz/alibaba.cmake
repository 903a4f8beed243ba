aiot_fuzzer(alibaba_info LINKS aiot_alibaba)
