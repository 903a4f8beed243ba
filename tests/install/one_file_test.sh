#!/usr/bin/env bash
# one_file_test.sh PROGRAM EXPECTED_VERSION: the one-file program needs glibc alone, and runs.
set -euo pipefail
program=$1 version=$2
needed=$(objdump -p "$program" | awk '$1 == "NEEDED" { print $2 }')
if others=$(grep -vE '^(libc\.so\.6|libm\.so\.6|ld-linux[^ ]*)$' <<<"$needed"); then
  echo "FAILED: $program needs more than glibc:"
  echo "$others"
  exit 1
fi
grep -q '^libc\.so\.6$' <<<"$needed"
test "$(env -i "$program" --version | head -n 1)" = "aiotctl $version"
