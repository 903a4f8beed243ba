foreach(decoder atc ble_advert bthome mibeacon)
  aiot_fuzzer(${decoder} LINKS aiot_ble)
endforeach()
