#!/bin/bash
# real_exit_test.sh AIOTCTL: the exit codes of the manual, with the real job on virtual devices.
set -u
tool=$1
work=$(mktemp -d)
sims=()
trap 'kill "${sims[@]}" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
head -c 20000 /dev/zero | tr '\0' 'Z' >image.bin
passed=0 failed=0

# device FAULT…: a virtual ESP32 with these faults; its address in $address. Its port is $port or a
# pseudo-terminal. No other device has its MAC, in no test that runs beside this one.
device() {
  local faults=() mac
  printf -v mac '02:%02x:%02x:%02x:00:%02x' $(($$ >> 16 & 255)) $(($$ >> 8 & 255)) $(($$ & 255)) ${#sims[@]}
  for fault in "$@"; do faults+=(--fault "$fault"); done
  local line
  exec {ready}< <(exec "$tool" sim esp32 --port "${port:-pty}" --mac "$mac" --profile fast "${faults[@]}" 2>/dev/null)
  sims+=("$!")
  read -r -t 20 -u "$ready" line
  line=${line#*'"address":"'}
  address=${line%%'"'*}
}
expect() {
  local code=$1 name=$2 got=0
  shift 2
  "$tool" "$@" >out.txt 2>err.txt </dev/null || got=$?
  if ((got == code)); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$name: exit $got, expected $code: $(cat err.txt)"
  fi
}

device
good=$address
expect 0 "a good write" flash write "$good" image.bin@0x10000
expect 0 "verified" flash verify "$good" image.bin@0x10000
expect 2 "an unknown option" flash write "$good" image.bin@0x10000 --no-such-option
expect 2 "a device twice" flash write "$good" "$good" image.bin@0x10000
expect 3 "a missing file" flash write "$good" missing.bin@0x10000
expect 3 "overlapping files" flash write "$good" image.bin@0x10000 image.bin@0x11000
expect 5 "a full disk" flash read "$good" --offset 0 --size 4096 -o /dev/full
expect 9 "another chip" flash write "$good" image.bin@0x10000 --chip esp32c3
expect 9 "beyond the flash" flash write "$good" image.bin@0x3ff000
head -c 20000 /dev/zero | tr '\0' 'Y' >other.bin
expect 9 "different contents" flash verify "$good" other.bin@0x10000
expect 11 "no confirmation" flash erase "$good" --all
device wrong-mac@md5
expect 4 "another device is connected" flash write "$address" image.bin@0x10000
for port in pty tcp:0 rfc2217:0; do
  device drop@data:forever
  expect 6 "a link on $port that stays lost" flash write "$address" image.bin@0x10000
done
port=pty
device secure-boot
secured=$address
expect 7 "secure boot" flash write "$secured" image.bin@0x10000
expect 10 "one of two fails" flash write "$good" "$secured" image.bin@0x20000
device write-protected:0x10000+0x5000:error
expect 8 "a device that refuses" flash write "$address" image.bin@0x10000

# Standard streams that are closed, or whose other end does nothing.
closed=$(exec 3>&-; "$tool" --log-file log.txt flash info "$good" >&- 2>&- <&-; echo $?)
check() {
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "failed: $*"; fi
}
check test "$closed" = 0
# Each line of the log begins with its time: no result fell among them.
check test "$(grep -cv '^2[0-9-]*T' log.txt)" = 0
mkfifo silent full
exec {idle}<>silent {stuck}<>full
head -c 65536 /dev/zero >&"$stuck"
got=0
timeout 20 "$tool" --timeout 1s config show >full 2>err.txt || got=$?
check test "$got" = 5
got=0
timeout 20 "$tool" --timeout 1s flash info --devices silent >out.txt 2>err.txt || got=$?
check test "$got" = 3
got=0
timeout 20 "$tool" --timeout 1s flash info --devices - >out.txt 2>err.txt <silent || got=$?
check test "$got" = 3
# The first Ctrl-C ends a program that waits for its reader.
# It is in its last step once the log has the job's end.
env --default-signal=INT "$tool" --log-file waits.txt flash info "$good" >full 2>err.txt </dev/null &
waits=$!
until grep -q ' finished ' waits.txt 2>/dev/null; do read -r -t 0.1 <>silent; done
kill -INT $waits
got=0
wait $waits || got=$?
check test "$got" = 130
exec {idle}<&- {stuck}<&-

echo "$passed passed, $failed failed"
((failed == 0))
