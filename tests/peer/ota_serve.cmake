foreach(client swupdate chromium)
  add_test(NAME peer_ota_${client}
           COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/ota_${client}_test.py $<TARGET_FILE:aiotctl>)
  set_tests_properties(peer_ota_${client} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS peer)
endforeach()
