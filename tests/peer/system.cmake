# BlueZ, NetworkManager and wpa_supplicant as python3-dbusmock plays them, on a bus of the test's own.
aiot_test(peer_dbus SOURCES dbus_bluez.cpp dbus_bond.cpp dbus_bus.cpp dbus_sources.cpp dbus_wifi.cpp
          LINKS aiot_job_discover LABELS peer)
aiot_test(peer_listen_ble SOURCES listen_ble.cpp LINKS aiot_job_listen LABELS peer)
add_test(NAME peer_pair_prompt COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/pair_prompt_test.py $<TARGET_FILE:aiotctl>)
set_tests_properties(peer_pair_prompt PROPERTIES TIMEOUT 180 LABELS peer)
add_test(NAME peer_pair_mesh COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/pair_mesh_test.py $<TARGET_FILE:aiotctl>)
set_tests_properties(peer_pair_mesh PROPERTIES TIMEOUT 180 LABELS peer)
