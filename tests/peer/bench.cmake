add_test(NAME peer_bench_firmware
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/bench_firmware.py $<TARGET_FILE:aiotctl>
                 ${PROJECT_BINARY_DIR}/firmware)
set_tests_properties(peer_bench_firmware PROPERTIES TIMEOUT 600 LABELS peer)
