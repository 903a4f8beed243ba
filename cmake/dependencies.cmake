# Everything comes from Debian 12 (apt-packages.txt); nothing is downloaded here.
# libboost1.81-dev: the plain libboost-dev of Debian 12 is 1.74.
find_path(AIOT_BOOST_INCLUDE boost/asio/awaitable.hpp REQUIRED)
find_package(Threads REQUIRED)

# aiot_find_library(TARGET header name): an imported target.
function(aiot_find_library target header name)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY ${name} REQUIRED)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} INTERFACE ${${target}_INCLUDE})
  target_link_libraries(${target} INTERFACE ${${target}_LIBRARY})
endfunction()

aiot_find_library(dep_fmt fmt/format.h fmt)
aiot_find_library(dep_yaml yaml-cpp/yaml.h yaml-cpp)
aiot_find_library(dep_deflate libdeflate.h deflate)
aiot_find_library(dep_zlib zlib.h z)
aiot_find_library(dep_lzma lzma.h lzma)
aiot_find_library(dep_zstd zstd.h zstd)
aiot_find_library(dep_crypto openssl/evp.h crypto)
aiot_find_library(dep_ssl openssl/ssl.h ssl)
target_link_libraries(dep_ssl INTERFACE dep_crypto)
aiot_find_library(dep_json boost/json.hpp boost_json)
aiot_find_library(dep_re2 re2/re2.h re2)

add_library(dep_boost INTERFACE IMPORTED GLOBAL)
target_include_directories(dep_boost SYSTEM INTERFACE ${AIOT_BOOST_INCLUDE})
target_compile_definitions(dep_boost INTERFACE BOOST_ERROR_CODE_HEADER_ONLY)

add_library(dep_asio INTERFACE IMPORTED GLOBAL)
target_link_libraries(dep_asio INTERFACE dep_boost Threads::Threads)
# Narrow headers, and no Boost.Date_Time behind the timers.
target_compile_definitions(dep_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
