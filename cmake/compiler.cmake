# Warnings, sanitizers, ccache.
add_library(aiot_compiler INTERFACE)
target_compile_options(aiot_compiler INTERFACE -Wall -Wextra -Wconversion -Wno-sign-conversion
  -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # In a unity build a local name may be that of another file's anonymous namespace, and every type of such a
  # namespace counts as one that is not of the main file.
  target_compile_options(aiot_compiler INTERFACE -Wshadow=local -Wno-subobject-linkage)
  # g++ 12 sees phantoms in coroutine frames and inlined std::string code.
  target_compile_options(aiot_compiler INTERFACE -Wno-maybe-uninitialized -Wno-restrict
                                                 -Wno-stringop-overflow -Wno-stringop-overread
                                                 -Wno-array-bounds -Wno-mismatched-new-delete)
endif()
if(AIOT_WERROR)
  target_compile_options(aiot_compiler INTERFACE -Werror)
endif()
if(AIOT_SANITIZE)
  add_compile_options(-fsanitize=${AIOT_SANITIZE} -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${AIOT_SANITIZE})
  if(AIOT_SANITIZE MATCHES "undefined" AND NOT AIOT_FUZZ)
    # A third of the compile time, for what ASan finds too, or these tests have none of; the fuzz preset has them all.
    add_compile_options(-fno-sanitize=null,alignment,object-size,vptr)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 cannot emit this check's data in front of a coroutine's parts.
    add_compile_options(-fno-sanitize=function)
  endif()
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_link_options(-Wl,--as-needed -Wl,-O1)
  if(NOT AIOT_SANITIZE)
    # What a device or a file sends must not become code: checked copies, canaries, landing pads for indirect jumps,
    # and no table of addresses that stays writable. tests/install/hardening_test.sh looks for each.
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
      add_compile_options(-fcf-protection=full)
    endif()
    add_link_options(-Wl,-z,relro,-z,now -Wl,-z,noexecstack)
  endif()
endif()
# Links a sanitizers' test program in a fraction of the time; a distribution's own build goes without.
find_program(AIOT_MOLD mold)
if(AIOT_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
  add_link_options(-fuse-ld=mold)
endif()

find_program(AIOT_CCACHE ccache)
if(AIOT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the tree count as relative, so that a fresh clone finds what another has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=true CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=true ${AIOT_CCACHE})
endif()
