foreach(decoder elf esp_image flasher_args intel_hex partition_table)
  aiot_fuzzer(${decoder} LINKS aiot_image)
endforeach()
