# Flasher stubs, when AIOT_STUB_DIR names their folder: copied beside the build tree's bin/ so that
# programs find them before they are installed, and installed with their licence.
if(AIOT_STUB_DIR)
  get_filename_component(stub_dir "${AIOT_STUB_DIR}" ABSOLUTE BASE_DIR ${PROJECT_SOURCE_DIR})
  file(GLOB stubs CONFIGURE_DEPENDS ${stub_dir}/esp*.json)
  if(NOT stubs)
    message(FATAL_ERROR "AIOT_STUB_DIR (${stub_dir}) holds no esp*.json. The npm package esptool-js has "
                        "them in lib/targets/stub_flasher.")
  endif()
  file(COPY ${stubs} DESTINATION ${PROJECT_BINARY_DIR}/share/aiotctl/stubs)
  install(FILES ${stubs} DESTINATION ${CMAKE_INSTALL_DATADIR}/aiotctl/stubs COMPONENT data)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/stubs-README.txt RENAME README.txt
          DESTINATION ${CMAKE_INSTALL_DATADIR}/aiotctl/stubs COMPONENT data)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/aiotctl/stubs COMPONENT data)
endif()
