add_test(NAME peer_ota_swupdate COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/ota_swupdate_test.py $<TARGET_FILE:aiotctl>)
set_tests_properties(peer_ota_swupdate PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS peer)
