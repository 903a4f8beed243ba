aiot_fuzzer(alibaba_info LINKS aiot_alibaba)
aiot_fuzzer(alibaba_softap LINKS aiot_alibaba)
