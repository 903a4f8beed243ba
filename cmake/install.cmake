# What `cmake --install` puts where. The shell completions and man pages are those that exist.
include(CMakePackageConfigHelpers)

if(AIOT_STATIC)
  install(TARGETS aiotctl)
else()
  install(TARGETS aiotctl aiot EXPORT aiotTargets)
  install(EXPORT aiotTargets NAMESPACE aiot:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/aiot)
  install(DIRECTORY lib/include/aiot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

  configure_package_config_file(cmake/aiotConfig.cmake.in ${PROJECT_BINARY_DIR}/aiotConfig.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/aiot)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/aiotConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/aiotConfig.cmake ${PROJECT_BINARY_DIR}/aiotConfigVersion.cmake
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/aiot)

  # Written at install time, when the prefix is known (`cmake --install --prefix`).
  install(CODE "set(PROJECT_VERSION \"${PROJECT_VERSION}\")
set(PROJECT_DESCRIPTION \"${PROJECT_DESCRIPTION}\")
set(CMAKE_INSTALL_LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
set(CMAKE_INSTALL_INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
configure_file(\"${PROJECT_SOURCE_DIR}/cmake/aiot.pc.in\" \"${PROJECT_BINARY_DIR}/aiot.pc\" @ONLY)")
  install(FILES ${PROJECT_BINARY_DIR}/aiot.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()

install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

file(GLOB schemas CONFIGURE_DEPENDS cli/schema/*.json lib/schema/*.json)
if(schemas)
  install(FILES ${schemas} DESTINATION ${CMAKE_INSTALL_DATADIR}/aiotctl/schemas)
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/completions/aiotctl.bash)
  install(FILES completions/aiotctl.bash RENAME aiotctl
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/completions/_aiotctl)
  install(FILES completions/_aiotctl DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/completions/aiotctl.fish)
  install(FILES completions/aiotctl.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# The units name /usr/bin/aiotctl, as a distribution's package has it.
install(FILES examples/systemd/aiotctl-ota-serve.service examples/systemd/aiotctl-ota-serve.socket
        DESTINATION lib/systemd/system)

# Man pages are written in scdoc (man/NAME.SECTION.scd).
file(GLOB man_sources CONFIGURE_DEPENDS man/*.scd)
find_program(AIOT_SCDOC scdoc)
if(man_sources AND AIOT_SCDOC)
  set(man_pages)
  foreach(source IN LISTS man_sources)
    get_filename_component(page ${source} NAME_WLE)
    string(REGEX MATCH "[0-9]$" section ${page})
    set(output ${PROJECT_BINARY_DIR}/man/${page})
    add_custom_command(OUTPUT ${output} DEPENDS ${source} VERBATIM
      COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
      COMMAND sh -c "exec \"$1\" < \"$2\" > \"$3\"" sh ${AIOT_SCDOC} ${source} ${output})
    list(APPEND man_pages ${output})
    install(FILES ${output} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endforeach()
  add_custom_target(man ALL DEPENDS ${man_pages})
elseif(man_sources)
  message(STATUS "scdoc is not installed: no man pages")
endif()
