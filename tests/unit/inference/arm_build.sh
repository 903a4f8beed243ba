#!/bin/sh
# The kernels, and how a device takes its input, build for a Cortex-M4F without exceptions, and ask for no heap: arm_build.sh SOURCE_DIR
set -eu
command -v arm-none-eabi-g++ >/dev/null || { echo "SKIP: no arm-none-eabi-g++"; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
built=0
for file in "$1"/lib/inference/kernel/*.cpp "$1/lib/inference/tiny/form.cpp"; do
  arm-none-eabi-g++ -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard -Os -fno-exceptions -fno-rtti \
    -std=c++20 -Wall -Wextra -Werror -I "$1/lib" -c "$file" -o "$out/$(basename "$file").o"
  built=$((built + 1))
done
[ "$built" -ge 6 ] || { echo "only $built kernels found"; exit 1; }
if arm-none-eabi-nm -u "$out"/*.o | grep -E ' (malloc|calloc|realloc|free|_Zn[wa]|_Zd[la]|__cxa_)'; then
  echo "a kernel asks for the heap or for exceptions"
  exit 1
fi
echo "$built files"
