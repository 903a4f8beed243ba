add_test(NAME peer_homekit
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/homekit_test.py $<TARGET_FILE:aiotctl>
                 ${PROJECT_SOURCE_DIR}/tests)
set_tests_properties(peer_homekit PROPERTIES TIMEOUT 600 LABELS peer)
