foreach(format btsnoop pcap)
  aiot_fuzzer(${format} LINKS aiot_capture)
endforeach()
