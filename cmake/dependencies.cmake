# Everything comes from Debian 12 (apt-packages.txt); nothing is downloaded here.
# libboost1.81-dev: the plain libboost-dev of Debian 12 is 1.74.
find_path(AIOT_BOOST_INCLUDE boost/asio/awaitable.hpp REQUIRED)
find_package(Threads REQUIRED)

# aiot_find_library(TARGET header name): an imported target, static in the one-file build.
function(aiot_find_library target header name)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  if(AIOT_STATIC)
    find_library(${target}_LIBRARY lib${name}.a REQUIRED)
  else()
    find_library(${target}_LIBRARY ${name} REQUIRED)
  endif()
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} INTERFACE ${${target}_INCLUDE})
  target_link_libraries(${target} INTERFACE ${${target}_LIBRARY})
endfunction()

if(AIOT_STATIC)
  find_path(dep_fmt_INCLUDE fmt/format.h REQUIRED)
  add_library(dep_fmt STATIC cmake/fmt_inside.cpp)
  target_include_directories(dep_fmt SYSTEM PUBLIC ${dep_fmt_INCLUDE})
else()
  aiot_find_library(dep_fmt fmt/format.h fmt)
endif()
aiot_find_library(dep_yaml yaml-cpp/yaml.h yaml-cpp)
aiot_find_library(dep_deflate libdeflate.h deflate)
aiot_find_library(dep_zlib zlib.h z)
aiot_find_library(dep_crypto openssl/evp.h crypto)
aiot_find_library(dep_json boost/json.hpp boost_json)
if(AIOT_STATIC)
  find_library(AIOT_BOOST_CONTAINER libboost_container.a REQUIRED)
  target_link_libraries(dep_json INTERFACE ${AIOT_BOOST_CONTAINER})
  target_link_libraries(dep_crypto INTERFACE ${CMAKE_DL_LIBS})
endif()

add_library(dep_boost INTERFACE IMPORTED GLOBAL)
target_include_directories(dep_boost SYSTEM INTERFACE ${AIOT_BOOST_INCLUDE})
target_compile_definitions(dep_boost INTERFACE BOOST_ERROR_CODE_HEADER_ONLY)

add_library(dep_asio INTERFACE IMPORTED GLOBAL)
target_link_libraries(dep_asio INTERFACE dep_boost Threads::Threads)
# Narrow headers, and no Boost.Date_Time behind the timers.
target_compile_definitions(dep_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
