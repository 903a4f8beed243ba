aiot_fuzzer(syslog LINKS aiot_syslog)
# One file each, not the rooms they are in: those bring all that a job or the command line needs.
aiot_fuzzer(listen_framing LINKS aiot_core SOURCES ${PROJECT_SOURCE_DIR}/lib/job/listen/framing.cpp)
aiot_fuzzer(sanitize LINKS aiot_core dep_fmt SOURCES ${PROJECT_SOURCE_DIR}/cli/render/sanitize.cpp)
