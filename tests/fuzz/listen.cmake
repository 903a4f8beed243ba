aiot_fuzzer(syslog LINKS aiot_syslog)
aiot_fuzzer(dbus_message LINKS aiot_dbus)
# One file each, not the rooms they are in: those bring all that a job or the command line needs.
aiot_fuzzer(listen_framing LINKS aiot_core SOURCES ${PROJECT_SOURCE_DIR}/lib/job/listen/framing.cpp)
aiot_fuzzer(panic LINKS aiot_image SOURCES ${PROJECT_SOURCE_DIR}/lib/job/listen/panic.cpp)
aiot_fuzzer(device_list LINKS aiot_core dep_fmt dep_json
            SOURCES ${PROJECT_SOURCE_DIR}/cli/command/device_list.cpp ${PROJECT_SOURCE_DIR}/cli/command/lines.cpp
                    ${PROJECT_SOURCE_DIR}/cli/fd_stream.cpp ${PROJECT_SOURCE_DIR}/cli/errors.cpp)
aiot_fuzzer(sanitize LINKS aiot_core dep_fmt SOURCES ${PROJECT_SOURCE_DIR}/cli/render/sanitize.cpp)
