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
read -r _ version < <("$prefix/bin/aiotctl" --version)

for file in bin/aiotctl include/aiot/flash.hpp share/doc/aiotctl/LICENSE lib/udev/rules.d/60-aiotctl.rules \
  share/doc/libaiot-dev/README.md share/doc/libaiot-dev/examples/main.cpp; do
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

# The example program, built both ways, on a real image and on a virtual chip.
check "the example builds with pkg-config" \
  "$cxx" -std=c++20 -Wall -Wextra -Werror "$source/examples/library/main.cpp" -o "$scratch/example" "${flags[@]}"
check "the example configures with find_package" \
  cmake -S "$source/examples/library" -B "$scratch/library" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_PREFIX_PATH="$prefix"
check "and builds" cmake --build "$scratch/library"
mkdir "$scratch/images"
check "an image is made" "$build/bin/aiot-make-images" --chip esp32c3 "$scratch/images"
coproc sim { exec "$prefix/bin/aiotctl" sim esp32c3 --port tcp:0 2>"$scratch/sim.log"; }
sim_process=$!
read -r ready <&"${sim[0]}"
address=$(sed -E 's/.*"address":"([^"]*)".*/\1/' <<<"$ready")
for example in "$scratch/example" "$scratch/library/firmware_check"; do
  check "it runs" sh -c "LD_LIBRARY_PATH='$libdir' '$example' '$scratch/images/app.bin' '$address' >'$scratch/said'"
  check "it explains the image" grep -q "app.bin: [0-9]* bytes, esp32c3, 0 problems" "$scratch/said"
  check "it finds the chip" grep -Eq "^$address/?: [0-9a-f:]{17} fits$" "$scratch/said"
done
kill "$sim_process"

# The page that shows each job: its blocks are a program.
guide=$prefix/share/doc/libaiot-dev/README.md
awk '/^```cpp$/ { code = 1; next } /^```$/ { code = 0 } code' "$guide" >"$scratch/readme.cpp"
check "the page has a block for each job" test "$(grep -c '^```cpp$' "$guide")" -ge 10
check "the page's blocks compile" \
  "$cxx" -std=c++20 -Wall -Wextra -Werror -fsyntax-only "$scratch/readme.cpp" "${flags[@]}"

# Every name the library shows is this project's, and none is of an inner room.
nm -DC --defined-only "$libdir/libaiot.so" | cut -d' ' -f3- >"$scratch/names"
check "the library shows names" test "$(wc -l <"$scratch/names")" -gt 50
check "only names of this project are shown" \
  sh -c "! grep -vE '^((typeinfo|typeinfo name|vtable) for )?aiot::' '$scratch/names'"
check "inner rooms are hidden" \
  sh -c "! grep -E '^((typeinfo|typeinfo name|vtable) for )?aiot::(core|crypto|net|esp|image|job|store)::' '$scratch/names'"

# The reference has a page for each header and each request.
if [[ -f $build/Doxyfile ]]; then
  html=$prefix/share/doc/libaiot-dev/html
  for header in "$prefix"/include/aiot/*.hpp; do
    name=$(basename "$header" .hpp)
    check "the reference has $name.hpp" test -s "$html/${name//_/__}_8hpp.html"
  done
  check "it has the comment of a field" grep -q "compare the device.s MD5 afterwards" "$html/structaiot_1_1flash_1_1WriteRequest.html"
else
  echo "SKIP: doxygen is not installed: no reference of the library"
fi

# Moved elsewhere, all of it still works.
mv "$prefix" "$scratch/moved"
libdir=$scratch/moved/${libdir#"$prefix"/}
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags < <(pkg-config --cflags --libs aiot)
check "a program builds with pkg-config after the move" \
  "$cxx" -std=c++20 "$source/tests/install/consumer/main.cpp" -o "$scratch/moved-program" "${flags[@]}"
check "it runs after the move" env LD_LIBRARY_PATH="$libdir" "$scratch/moved-program"
check "aiotctl runs after the move" "$scratch/moved/bin/aiotctl" --version

exit "$failed"
