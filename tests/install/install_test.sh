#!/usr/bin/env bash
# install_test.sh BUILD SOURCE CXX: installs the build into an empty prefix, and looks at it as a
# stranger would: builds a program against it in both ways, and checks what the library shows.
set -euo pipefail
build=$1 source=$2 cxx=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix
failed=0

check() {  # check NAME COMMAND…: runs it, says which check failed
  local name=$1
  shift
  if "$@" >"$scratch/out" 2>&1; then return; fi
  echo "FAILED: $name"
  cat "$scratch/out"
  failed=1
}

cmake --install "$build" --prefix "$prefix" >"$scratch/install.log"
libdir=$(dirname "$(find "$prefix" -name aiot.pc)")/..
expected=$("$prefix/bin/aiotctl" --version)
version=${expected##* }

for file in bin/aiotctl include/aiot/flash.hpp share/doc/aiotctl/LICENSE; do
  check "$file is installed" test -e "$prefix/$file"
done
check "the library has a soname" sh -c "objdump -p '$libdir/libaiot.so' | grep -q 'SONAME.*libaiot.so.0$'"
check "no build path is left in it" sh -c "! readelf -d '$prefix/bin/aiotctl' | grep -F '$build'"

export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags < <(pkg-config --cflags --libs aiot)
check "pkg-config gives the version" test "$(pkg-config --modversion aiot)" = "$version"
check "a program builds with pkg-config" \
  "$cxx" -std=c++20 "$source/tests/install/consumer/main.cpp" -o "$scratch/by-pkg-config" "${flags[@]}"
check "it runs" env LD_LIBRARY_PATH="$libdir" "$scratch/by-pkg-config"

check "a program configures with find_package" \
  cmake -S "$source/tests/install/consumer" -B "$scratch/consumer" -G Ninja \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$prefix"
check "and builds" cmake --build "$scratch/consumer"
check "and prints the version and the address" \
  test "$("$scratch/consumer/consumer")" = "$version tcp://localhost:5555"

# Every name the library shows is this project's, and none is of an inner room.
nm -DC --defined-only "$libdir/libaiot.so" | cut -d' ' -f3- >"$scratch/names"
check "the library shows names" test "$(wc -l <"$scratch/names")" -gt 50
check "only names of this project are shown" \
  sh -c "! grep -vE '^((typeinfo|typeinfo name|vtable) for )?aiot::' '$scratch/names'"
check "inner rooms are hidden" \
  sh -c "! grep -E '^((typeinfo|typeinfo name|vtable) for )?aiot::(core|crypto|net|esp|image|job|store)::' '$scratch/names'"

exit "$failed"
