#!/bin/bash
# quickstart_test.sh SOURCE-FOLDER: a quick start that is stopped, and what it does where it needs root.
set -eu
source_folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() {
  if ! "${@:2}"; then
    echo "$1: $(cat "$work/out.txt")"
    failed=1
  fi
}

# Stopped while it works: it says so, and claims no success.
mkdir -p "$work/examples" "$work/tests"
cp "$source_folder/examples/quickstart.sh" "$work/examples/"
mkfifo "$work/reached" "$work/blocks"
cat >"$work/tests/setup.sh" <<'END'
install_packages() {
  echo here >"$root/reached"
  while true; do read -r -t 0.1 <>"$root/blocks" || true; done
}
END
for signal in TERM INT; do
  env --default-signal=INT bash "$work/examples/quickstart.sh" >"$work/out.txt" 2>&1 &
  pid=$!
  read -r _ <"$work/reached"
  kill -$signal $pid
  status=0
  wait $pid || status=$?
  check "the exit code of $signal" test "$status" = $((128 + $(kill -l $signal)))
  check "stopped by $signal" grep -q "^quickstart: stopped before it was done" "$work/out.txt"
  check "no success after $signal" test "$(grep -c verified "$work/out.txt")" = 0
done

# A failure is one.
echo 'install_packages() { return 3; }' >"$work/tests/setup.sh"
bash "$work/examples/quickstart.sh" >"$work/out.txt" 2>&1 || true
check "a failure" grep -q "^quickstart: FAILED (exit 3)" "$work/out.txt"

# A sudo that wants a password gets it before the quiet stage; without a terminal the message says what is missing.
if ((EUID != 0)) || ! command -v setpriv script >/dev/null; then
  echo "SKIP: sudo: only root can become another user"
else
  chmod 755 "$work"
  mkdir "$work/bin"
  # shellcheck disable=SC2016  # the words are for the script
  printf '#!/bin/sh\necho "sudo $*"\n[ "$1" = -v ]\n' >"$work/bin/sudo"
  chmod 755 "$work/bin/sudo"
  cp "$source_folder/tests/setup.sh" "$work/setup.sh"
  cat >"$work/ask.sh" <<END
PATH=$work/bin:/usr/bin:/bin root=$work
source $work/setup.sh
missing_packages() { echo some-package; }
stage() { echo "stage \$*"; }
install_packages base
END
  chmod 644 "$work/ask.sh" "$work/setup.sh"
  as_nobody=(setpriv --reuid 65534 --clear-groups bash "$work/ask.sh")
  "${as_nobody[@]}" >"$work/out.txt" 2>&1 </dev/null || true
  check "no terminal" grep -q "sudo wants a password: some-package" "$work/out.txt"
  check "nothing is tried without a terminal" test "$(grep -c '^stage' "$work/out.txt")" = 0
  script -qec "${as_nobody[*]}" /dev/null >"$work/out.txt" 2>&1 </dev/null || true
  check "asked on a terminal" grep -q "^sudo -v" "$work/out.txt"
  check "and installed" grep -q "^stage install 1 packages sudo -n" "$work/out.txt"
fi
if ((failed == 0)); then echo "a stopped quick start claims no success, and sudo asks in time"; fi
exit $failed
