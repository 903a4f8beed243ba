# AIOT_COMMIT: what the tree was at the last configuration, with "-modified" when files differ from it; empty without git,
# as in a source archive (which may lie inside another project's work tree).
set(AIOT_COMMIT "")
find_program(AIOT_GIT git)
if(AIOT_GIT AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
  execute_process(COMMAND ${AIOT_GIT} describe --always --exclude=* --abbrev=12 --dirty=-modified
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE AIOT_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
