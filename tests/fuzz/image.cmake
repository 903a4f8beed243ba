foreach(decoder dwarf elf esp_image firmware flasher_args intel_hex partition_csv partition_table)
  aiot_fuzzer(${decoder} LINKS aiot_image)
endforeach()
aiot_fuzzer(mcuboot_image LINKS aiot_image)
