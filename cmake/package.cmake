# `cpack -G DEB`: aiotctl, libaiot0 and libaiot-dev, for the Debian of this machine. `cpack -G TGZ`: the one-file program with
# its data, to unpack anywhere.
set(system)
if(EXISTS /etc/os-release)
  file(STRINGS /etc/os-release system REGEX "^VERSION_(ID|CODENAME)=")
endif()
string(REGEX MATCH "VERSION_ID=\"?([0-9.]+)" unused "${system}")
set(debian_release 1~deb${CMAKE_MATCH_1})
string(REGEX MATCH "VERSION_CODENAME=\"?([a-z]+)" unused "${system}")
set(AIOT_DISTRIBUTION ${CMAKE_MATCH_1})
set(version ${PROJECT_VERSION}-${debian_release})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${AIOT_CONTACT})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_VENDOR aiotctl)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# What differs between the two is set when cpack runs.
configure_file(packaging/generator.cmake.in ${PROJECT_BINARY_DIR}/generator.cmake @ONLY)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_BINARY_DIR}/generator.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${debian_release})
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_AIOTCTL_PACKAGE_NAME aiotctl)
set(CPACK_DEBIAN_AIOTCTL_PACKAGE_SECTION embedded)
set(CPACK_DEBIAN_AIOTCTL_PACKAGE_DEPENDS "libaiot0 (= ${version})")
set(CPACK_DEBIAN_AIOTCTL_PACKAGE_RECOMMENDS "ieee-data")
set(CPACK_DEBIAN_AIOTCTL_PACKAGE_SUGGESTS "bluez, network-manager | wpasupplicant, jq")
set(CPACK_DEBIAN_AIOTCTL_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/postinst
  ${PROJECT_SOURCE_DIR}/packaging/prerm ${PROJECT_SOURCE_DIR}/packaging/postrm)
set(CPACK_DEBIAN_AIOTCTL_DESCRIPTION "takes an AIoT device from the box to the field
aiotctl discovers devices nearby, pairs them with the network, writes their
firmware, updates them over the air, shows what they print, and benchmarks the
neural networks that they run. It comes with virtual devices to practise on.")

# What few commands use is opened when it is first needed: tests/install/package_test.sh compares these with the code.
set(CPACK_DEBIAN_LIBAIOT0_PACKAGE_NAME libaiot0)
set(CPACK_DEBIAN_LIBAIOT0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBAIOT0_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/triggers)
set(CPACK_DEBIAN_LIBAIOT0_PACKAGE_RECOMMENDS "libexpat1, libsystemd0, libudev1")
set(CPACK_DEBIAN_LIBAIOT0_PACKAGE_SUGGESTS "libdw1, libxnnpack0, libpthreadpool0")
set(CPACK_DEBIAN_LIBAIOT0_DESCRIPTION "jobs of aiotctl as a library
libaiot discovers, pairs, flashes, updates, listens to and benchmarks AIoT
devices. Each job is one call, with typed requests and results.")

set(CPACK_DEBIAN_LIBAIOT-DEV_PACKAGE_NAME libaiot-dev)
set(CPACK_DEBIAN_LIBAIOT-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBAIOT-DEV_PACKAGE_DEPENDS "libaiot0 (= ${version}), libboost1.81-dev")
set(CPACK_DEBIAN_LIBAIOT-DEV_DESCRIPTION "jobs of aiotctl as a library - development files
The C++20 headers of libaiot, its CMake package, its pkg-config file, a guide
and a reference.")

include(CPack)
foreach(component program data)
  cpack_add_component(${component} GROUP aiotctl)
endforeach()
cpack_add_component(library GROUP libaiot0)
cpack_add_component(development GROUP libaiot-dev)
cpack_add_component(one_file)
