#!/bin/bash
# In the guest: two controllers and a real bluetoothd. A virtual device with SMP behind one of them is updated by the other.
aiotctl=$1
umask 077
cd /run || exit 1
# until_seen PATTERN FILE: 30 s at most
until_seen() {
  for ((i = 0; i < 300; i++)); do
    grep -qs "$1" "$2" && return
    sleep 0.1
  done
  echo "no $1 in $2:"
  cat "$2"
}
# device OPTIONS…: a virtual device behind hci1, at $address
device() {
  [[ -z $sim ]] || { kill "$sim"; wait "$sim"; }
  "$aiotctl" sim ota --port ble:hci1 --jsonl "$@" >sim.out 2>&1 &
  sim=$!
  until_seen '"ready"' sim.out
  address=$(grep -o 'ble:[0-9A-F:]*' sim.out | head -n 1)
}
# ota NAME ARGUMENTS…: its document, with NAME before it
ota() {
  local name=$1
  shift
  "$aiotctl" ota --json "$@" --timeout 100s 2>ota.err | sed "s/^/$name: /"
}
python3 - <<'PY'
import hashlib, struct
payload = bytes(range(256)) * 40
header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, len(payload), 0, 2, 0, 0, 0, 0)
digest = hashlib.sha256(header + payload).digest()
open("new.bin", "wb").write(header + payload + struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + digest)
PY

lab-bt 2 || exit 1
lab-power hci0 true || exit 1
device
ota echo smp "$address" echo "Hello, world!"
ota params smp "$address" params
ota images smp "$address" images
ota push push "$address" new.bin
ota again push "$address" new.bin
device --fault wrong-version
ota reverted push "$address" new.bin
echo end
