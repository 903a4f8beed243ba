# Asio, fmt and the standard library's larger headers cost one to two seconds of CPU in each file: all rooms share
# one precompiled header, the test programs another (an executable's code is position-independent in a way of its
# own). No file may count on it: the fuzz preset builds the library without, and a test holds includes to the arrows.
option(AIOT_PCH "Precompile what Asio, fmt and the tests' framework bring" ON)
# A precompiled header fits only where the same macros are set.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY)

# aiot_use_pch(TARGET HOST): TARGET's files start with HOST's precompiled header.
function(aiot_use_pch target host)
  if(AIOT_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_precompile_headers(${target} REUSE_FROM ${host})
  endif()
endfunction()

# aiot_pch_host(TARGET HEADER): TARGET makes the precompiled header that others use.
function(aiot_pch_host target header)
  if(NOT AIOT_PCH OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  target_precompile_headers(${target} PRIVATE ${header})
  # ccache would hash its hundred megabytes for each file, and find another path in it for each clone. It takes this
  # sum instead: all that the header is made from.
  file(READ ${header} text)
  file(READ ${PROJECT_SOURCE_DIR}/cmake/pch.hpp common)
  file(SHA256 ${AIOT_BOOST_INCLUDE}/boost/version.hpp boost)
  file(SHA256 ${dep_fmt_INCLUDE}/fmt/core.h fmt)
  string(SHA256 sum "${text}${common}${boost}${fmt}${CMAKE_CXX_COMPILER_VERSION}${CMAKE_BUILD_TYPE}${AIOT_SANITIZE}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.gch.sum ${sum})
endfunction()

add_library(aiot_pch OBJECT cmake/pch.cpp)
target_link_libraries(aiot_pch PRIVATE aiot_compiler dep_asio dep_fmt)
aiot_pch_host(aiot_pch ${PROJECT_SOURCE_DIR}/cmake/pch.hpp)
