add_test(NAME peer_ota_ble COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/ota_ble_test.py $<TARGET_FILE:aiotctl>
                                   ${PROJECT_SOURCE_DIR}/cli/schema)
set_tests_properties(peer_ota_ble PROPERTIES TIMEOUT 120 LABELS peer)
