# npm tuf-js 2.2.1 on a repository of `ota`.
add_test(NAME peer_tuf_js COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/tuf_js_test.py $<TARGET_FILE:aiotctl>
                                  ${PROJECT_SOURCE_DIR}/tests)
set_tests_properties(peer_tuf_js PROPERTIES TIMEOUT 240 LABELS peer)
