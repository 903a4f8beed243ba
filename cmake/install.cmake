# What `cmake --install` puts where. Each component goes into a package of cmake/package.cmake: program, data, library,
# development; one_file is a program of its own.
include(CMakePackageConfigHelpers)

if(AIOT_STATIC)
  set(outside_packages)
else()
  set(outside_packages EXCLUDE_FROM_ALL)
endif()
if(TARGET aiotctl_one_file)
  install(TARGETS aiotctl_one_file RUNTIME COMPONENT one_file ${outside_packages})
  # What the libraries inside ask of their users is in their packages' copyright files.
  foreach(package yaml-cpp deflate lzma zstd re2 ssl boost-json1.81 fmt)
    install(FILES /usr/share/doc/lib${package}-dev/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences
            RENAME ${package} COMPONENT one_file ${outside_packages} OPTIONAL)
  endforeach()
  install(FILES /usr/share/doc/zlib1g-dev/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences
          RENAME zlib COMPONENT one_file ${outside_packages} OPTIONAL)
  install(FILES /usr/share/doc/gcc-12-base/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences
          RENAME libstdc++ COMPONENT one_file ${outside_packages} OPTIONAL)
endif()

if(NOT AIOT_STATIC)
  install(TARGETS aiotctl COMPONENT program)
  install(TARGETS aiot EXPORT aiotTargets LIBRARY COMPONENT library NAMELINK_COMPONENT development)
  set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/aiot)
  install(EXPORT aiotTargets NAMESPACE aiot:: DESTINATION ${cmake_dir} COMPONENT development)
  configure_package_config_file(cmake/aiotConfig.cmake.in ${PROJECT_BINARY_DIR}/aiotConfig.cmake
    INSTALL_DESTINATION ${cmake_dir})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/aiotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/aiotConfig.cmake ${PROJECT_BINARY_DIR}/aiotConfigVersion.cmake
          DESTINATION ${cmake_dir} COMPONENT development)
  file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" prefix_from_pc ${prefix_from_pc})
  configure_file(cmake/aiot.pc.in ${PROJECT_BINARY_DIR}/aiot.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/aiot.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

  # The headers, a page that shows each job, a program, and a reference made of the headers' comments.
  install(DIRECTORY lib/include/aiot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
          FILES_MATCHING PATTERN *.hpp)
  set(guide_dir ${CMAKE_INSTALL_DATAROOTDIR}/doc/libaiot-dev)
  install(FILES lib/include/aiot/README.md DESTINATION ${guide_dir} COMPONENT development)
  install(FILES examples/library/main.cpp examples/library/CMakeLists.txt DESTINATION ${guide_dir}/examples
          COMPONENT development)
  find_program(AIOT_DOXYGEN doxygen)
  if(NOT AIOT_DOXYGEN)
    message(STATUS "doxygen is not installed: no reference of the library")
  elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    file(GLOB headers CONFIGURE_DEPENDS lib/include/aiot/*)
    configure_file(cmake/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
    add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/reference/html/index.html VERBATIM
      COMMAND ${CMAKE_COMMAND} -E rm -rf ${PROJECT_BINARY_DIR}/reference
      COMMAND ${AIOT_DOXYGEN} ${PROJECT_BINARY_DIR}/Doxyfile
      DEPENDS ${headers} ${PROJECT_BINARY_DIR}/Doxyfile)
    add_custom_target(reference ALL DEPENDS ${PROJECT_BINARY_DIR}/reference/html/index.html)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/reference/html DESTINATION ${guide_dir} COMPONENT development)
  endif()
endif()

install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT data)

file(GLOB schemas CONFIGURE_DEPENDS cli/schema/*.json lib/schema/*.json)
if(schemas)
  install(FILES ${schemas} DESTINATION ${CMAKE_INSTALL_DATADIR}/aiotctl/schemas COMPONENT data)
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/completions/aiotctl.bash)
  install(FILES completions/aiotctl.bash RENAME aiotctl
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT data)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/completions/_aiotctl)
  install(FILES completions/_aiotctl DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT data)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/completions/aiotctl.fish)
  install(FILES completions/aiotctl.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT data)
endif()

# The units name /usr/bin/aiotctl, as a distribution's package has it.
install(FILES examples/systemd/aiotctl-ota-serve.service examples/systemd/aiotctl-ota-serve.socket
        DESTINATION lib/systemd/system COMPONENT data)
install(FILES packaging/60-aiotctl.rules DESTINATION lib/udev/rules.d COMPONENT data)

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
    install(FILES ${output} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT data)
  endforeach()
  add_custom_target(man ALL DEPENDS ${man_pages})
elseif(man_sources)
  message(STATUS "scdoc is not installed: no man pages")
endif()
