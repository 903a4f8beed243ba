aiot_fuzzer(homekit_tlv LINKS aiot_homekit)
aiot_fuzzer(homekit_frames LINKS aiot_homekit)
aiot_fuzzer(homekit_accessory LINKS aiot_homekit)
aiot_fuzzer(homekit_reply LINKS aiot_homekit)
