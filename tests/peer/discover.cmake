# The whole program in a room full of others.
add_test(NAME peer_discover_room
         COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/discover_room.py $<TARGET_FILE:aiotctl>
                 ${PROJECT_SOURCE_DIR}/tests)
set_tests_properties(peer_discover_room PROPERTIES TIMEOUT 300 LABELS peer)
