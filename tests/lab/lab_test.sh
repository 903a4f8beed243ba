#!/usr/bin/env bash
# lab_test.sh AIOTCTL FOLDER: what `discover` and `listen` make of real Bluetooth, USB and Wi-Fi stacks, in a virtual machine (lab.sh),
# whose files lie in FOLDER. Skips where there is no QEMU, or Debian's packages cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
aiotctl=$1
export LAB_CACHE=$2
skip() {
  echo "SKIP: $*"
  exit 0
}
command -v qemu-system-x86_64 >/dev/null || skip "no virtual machine here: apt-get install qemu-system-x86"
command -v apt-get >/dev/null || skip "the lab's guest is made of Debian packages, and apt-get is not here"
mkdir -p "$LAB_CACHE"
if ! "$here/lab.sh" build >"$LAB_CACHE/build.log" 2>&1; then
  skip "the lab could not be built: $(tail -n 1 "$LAB_CACHE/build.log")"
fi

failures=0
# scene NAME: its output, in $seen
scene() {
  local start=$SECONDS
  echo "== $1"
  seen=$("$here/lab.sh" run -t 200 "bash $here/scene/$1.sh $aiotctl" 2>&1) || echo "the guest ended with $?"
  echo "   $((SECONDS - start)) s"
}
# sees NAME PATTERN: one line of the scene has it
sees() {
  if grep -Eq -- "$2" <<<"$seen"; then
    echo "   ok: $1"
  else
    failures=$((failures + 1))
    echo "   NOT SEEN: $1 ($2) in:"
    # shellcheck disable=SC2001
    sed 's/^/     | /' <<<"$seen"
  fi
}

scene ble
sees "an adapter without power is told as such" '^without power: .*"state":"no adapter","detail":"[^"]*switched off[^"]*","hint":"[^"]*bluetoothctl power on'
sees "MiBeacon, decoded" '"event":"(found|changed)".*"ecosystem":"Xiaomi Mi Home".*"ble.temperature_celsius":25\.4'
sees "BTHome, decoded" '"event":"(found|changed)".*"ecosystem":"BTHome".*"ble.temperature_celsius":25\.06'
sees "how the scan went" '"name":"ble","state":"ran","detail":"[0-9]+ adverts on hci0'
sees "MiBeacon, listened to" '"event":"message".*"format":"mibeacon-v[0-9]".*"temperature_celsius":25\.4'
sees "BTHome, listened to" '"event":"message".*"format":"bthome-v2".*"temperature_celsius":25\.06'

scene usb
sees "plugged in, by the kernel's word" '^kernel: .*"event":"(found|changed)".*"serial:/dev/ttyACM0".*"serial":"LAB0002"'
sees "the stable name, by udev" '^udevd: .*"event":"(found|changed)".*serial:/dev/serial/by-id/usb-AIoT_lab_ACM_device_LAB0002-if00'
sees "unplugged, by udevd's word" '^udevd: .*"event":"lost".*LAB0002'

scene wifi
sees "a device that waits to be set up" '"event":"(found|changed)".*"state":"unprovisioned".*PROV_AB12CD'
sees "who scanned" '"name":"wifi","state":"ran","detail":"[0-9]+ access points? on wlan1 .wpa_supplicant'

echo "$failures failures"
((failures == 0))
