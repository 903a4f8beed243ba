aiot_fuzzer(mesh_device LINKS aiot_mesh)
