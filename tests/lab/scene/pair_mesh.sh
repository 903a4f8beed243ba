#!/bin/bash
# In the guest: bluetooth-meshd on one controller, a virtual mesh device on the other (PB-ADV). It is provisioned by its
# secret, and refused by another one.
aiotctl=$1
umask 077
cd /run || exit 1
export XDG_STATE_HOME=/run/state
printf 'pop: mesh-secret-1\n' >right.yaml
printf 'pop: mesh-secret-2\n' >wrong.yaml
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
modprobe -a bluetooth hci_vhci algif_skcipher algif_hash algif_aead ecb cmac ccm
lab-dbus || exit 1
owned() {  # whether meshd is on the bus
  dbus-send --system --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
    string:org.bluez.mesh 2>/dev/null | grep -q true
}
# The kernel gives a controller two seconds to answer its reset; on a busy host that can be too few.
for _ in 1 2 3 4 5; do
  btvirt -l2 >btvirt.log 2>&1 &
  btvirt=$!
  for ((i = 0; i < 50; i++)); do [[ -e /sys/class/bluetooth/hci1 ]] && break 2; sleep 0.1; done
  kill "$btvirt"
  wait "$btvirt"
done
/usr/libexec/bluetooth/bluetooth-meshd --nodetach --io auto:hci0 >meshd.log 2>&1 &
for ((i = 0; i < 300; i++)); do owned && break; sleep 0.1; done
# device OPTIONS…: a device that waits, at $address
device() {
  [[ -z $sim ]] || { kill "$sim"; wait "$sim"; }
  "$aiotctl" sim provision --kind mesh --port hci1 --jsonl "$@" >sim.log 2>&1 &
  sim=$!
  for ((i = 0; i < 300; i++)); do grep -q '"ready"' sim.log && break; sleep 0.1; done
  address=$(grep -o 'mesh:[0-9a-f]*' sim.log | head -n 1)
  [[ $address ]] || cat sim.log
}
# pair NAME OPTIONS…
pair() {
  "$aiotctl" pair "$address" "${@:2}" --json --timeout 100s 2>pair.err | sed "s/^/$1: /"
  sed "s/^/$1, error: /" pair.err
}
device --secret-file right.yaml
pair "wrong secret" --secret-file wrong.yaml
pair "no secret"
pair provisioned --secret-file right.yaml
kill "$sim"
wait "$sim"
sim=
grep '"paired"' sim.log | sed 's/^/device: /'
device
pair "no OOB"
echo "state: $(stat -c %a state/aiotctl/mesh-network.json)"
[[ $LAB_VERBOSE ]] && cat meshd.log
echo end
