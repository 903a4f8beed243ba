#!/usr/bin/env bash
# Installs what is missing (Debian 12, as root or with sudo), builds and tests. The optimised build (dev)
# runs the command line, the peers and the inference kernels; the build under ASan and UBSan (asan) runs the
# unit tests, the fuzz corpora and the command line. Quiet unless something fails; the last line is how many
# passed. `--fast` leaves the sanitizers out: the optimised build runs everything. AIOT_TEST_DATA may name a
# folder with real images. Logs are in build/logs.
set -euo pipefail
[[ -z ${AIOT_TEST_DATA:-} ]] || AIOT_TEST_DATA=$(realpath -m "$AIOT_TEST_DATA") # tests run in other folders
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
# shellcheck source=tests/setup.sh
source tests/setup.sh

presets=(dev asan) options=(-DAIOT_WERROR=ON)
case ${1:-} in
  '') ;;
  --fast) presets=(dev) options+=(-DAIOT_TEST_PARTS=all) ;;
  *)
    echo "usage: tests/run.sh [--fast]" >&2
    exit 2
    ;;
esac

passed=0 failed=0 skipped=0
reasons=$logs/skips
: >"$reasons"

finish() {
  sort -u "$reasons" | sed 's/^/skipped: /'
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0))
}
broken() {  # a stage without which nothing else can run counts as one failure
  failed=$((failed + 1))
  finish
  exit 1
}

# run_suite PRESET: CTest with everything its programs print, summed by count.awk.
run_suite() {
  local preset=$1 log=$logs/ctest-$1.log start=$SECONDS status=0 counts key text number
  ctest --test-dir "build/$preset" -V -j2 --no-tests=error >"$log" 2>&1 </dev/null || status=$?
  counts=$(awk -f tests/count.awk "$log")
  read -r p f s <<<"${counts%%$'\n'*}"
  # CTest knows of a failure that no program has told.
  ((status == 0 || f > 0)) || f=1
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  printf '%-44s %4d s\n' "test $preset: $p passed, $f failed" $((SECONDS - start))
  while read -r key text; do
    case $key in
      S) echo "$text" >>"$reasons" ;;
      F)
        echo "FAILED in $preset: $text (build/logs/ctest-$preset.log)"
        number=$(sed -n "s/^ *Start *\([0-9]*\): $text\$/\1/p" "$log")
        grep "^$number: " "$log" | tail -n 60 || true
        ;;
    esac
  done <<<"$counts"
}

export ASAN_OPTIONS=detect_leaks=1:halt_on_error=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

install_packages test || broken
install_npm || echo "npm packages are missing: what needs them will skip" | tee -a "$reasons"
stubs=$(stub_option)
for preset in "${presets[@]}"; do
  stage "configure $preset" cmake --preset "$preset" "${options[@]}" "$stubs" || broken
  stage "build $preset" cmake --build "build/$preset" || broken
  run_suite "$preset"
done
finish
