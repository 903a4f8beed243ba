add_test(NAME peer_capture
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/capture_tcpdump.py $<TARGET_FILE:aiotctl>)
set_tests_properties(peer_capture PROPERTIES TIMEOUT 300 LABELS peer)
