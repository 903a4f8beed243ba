aiot_fuzzer(bench_labels LINKS aiot_job_bench)
aiot_fuzzer(bench_baseline LINKS aiot_job_bench)
