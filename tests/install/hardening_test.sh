#!/usr/bin/env bash
# hardening_test.sh FILE…: each program or library is built with what makes an overrun hard to use.
set -euo pipefail
export LC_ALL=C
failed=0
fail() {
  echo "FAILED: $*"
  failed=1
}

for file in "$@"; do
  name=$(basename "$file")
  segments=$(readelf -lW "$file")
  dynamic=$(readelf -dW "$file")
  symbols=$(readelf -sW --dyn-syms "$file")
  grep -q GNU_RELRO <<<"$segments" || fail "$name: no RELRO segment"
  grep -Eq '\(FLAGS_1\).*NOW' <<<"$dynamic" || fail "$name: symbols are bound lazily, so RELRO is partial"
  grep -Eq 'GNU_STACK.* RW ' <<<"$segments" || fail "$name: the stack is executable"
  ! grep -Eq 'LOAD.* RWE ' <<<"$segments" || fail "$name: a segment is writable and executable"
  ! grep -q TEXTREL <<<"$dynamic" || fail "$name: code is relocated"
  [[ $(readelf -hW "$file") == *"DYN "* ]] || fail "$name: not position-independent"
  grep -q ' __stack_chk_fail' <<<"$symbols" || fail "$name: no stack protector"
  # A program of a few lines may have no copy to check.
  if [[ $name == lib* ]]; then
    grep -Eq ' __(memcpy|memmove|memset|read|snprintf|vsnprintf|strcpy|recv|recvfrom|poll)_chk' <<<"$symbols" ||
      fail "$name: no checked copies (_FORTIFY_SOURCE)"
  fi
  # The loader's own mark is missing where a distribution's start files lack it, so look at the code: what can be
  # reached by its address begins with a landing pad.
  if [[ $(uname -m) == x86_64 ]]; then
    code=$(objdump -d --no-show-raw-insn "$file" | grep -Ec '\bendbr64\b' || true)
    functions=$(awk '$4 == "FUNC" && $7 != "UND"' <<<"$symbols" | wc -l)
    # Without the flag there are some all the same, in what the compiler's own libraries brought: 1 for 100 functions.
    ((code > 10 && code > functions / 4)) ||
      fail "$name: $code landing pads for $functions functions (-fcf-protection)"
  fi
done
exit "$failed"
