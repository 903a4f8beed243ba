aiot_fuzzer(tflite LINKS aiot_inference)
