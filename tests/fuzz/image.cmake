foreach(decoder dwarf elf esp_image firmware flasher_args intel_hex libconfig partition_csv partition_table rauc swu)
  aiot_fuzzer(${decoder} LINKS aiot_image)
endforeach()
aiot_fuzzer(mcuboot_image LINKS aiot_image)
