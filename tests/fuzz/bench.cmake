aiot_fuzzer(bench_labels LINKS aiot_job_bench)
