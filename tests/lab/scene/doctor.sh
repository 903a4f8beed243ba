#!/bin/bash
# In the guest: `doctor` on real stacks, each fault present and absent.
aiotctl=$1
export HOME=/root
# look WHEN [COMMAND…]: its document
look() {
  local when=$1
  shift
  "$@" "$aiotctl" doctor --json 2>/run/errors | sed "s/^/$when: /"
}
powered() {  # powered true|false: the property of hci0
  dbus-send --system --print-reply --dest=org.bluez /org/bluez/hci0 org.freedesktop.DBus.Properties.Set \
    string:org.bluez.Adapter1 string:Powered "variant:boolean:$1" >/dev/null
}
# until_seen SECONDS COMMAND…: until it succeeds
until_seen() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done
}
gone() { ! grep -qx "$1" /proc/[0-9]*/comm; }
block() {  # block TYPE 0|1: as rfkill does
  local switch
  for switch in /sys/class/rfkill/*; do
    [[ $(<"$switch/type") == "$1" ]] && echo "$2" >"$switch/soft"
  done
}

look bare
modprobe -a dummy_hcd libcomposite cdc_acm && lab-usb-acm && until_seen 30 test -e /dev/ttyACM0 || exit 1
chown root:dialout /dev/ttyACM0
chmod 660 /dev/ttyACM0
look stranger setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent
look member setpriv --reuid=nobody --regid=dialout --clear-groups env HOME=/nonexistent

lab-bt 1 || exit 1
powered true
look powered
powered false
look off
block bluetooth 1
look blocked
block bluetooth 0
powered true
pkill -x bluetoothd
until_seen 10 gone bluetoothd
look no-bluetoothd

lab-wifi 1 || exit 1
look no-supplicant
echo ctrl_interface=/run/wpa >/run/wpa.conf
wpa_supplicant -B -u -i wlan0 -D nl80211 -c /run/wpa.conf -f /run/wpa.log >/dev/null ||
  { cat /run/wpa.log; exit 1; }
look supplicant
block wlan 1
look wlan-blocked
block wlan 0
pkill -x dbus-daemon
until_seen 10 gone dbus-daemon
look no-dbus

for name in ModemManager brltty; do
  cp /bin/sleep "/run/$name"
  "/run/$name" 100 &
done
look takers
mkdir -p /run/state/aiotctl
echo '{"manager":"wpa_supplicant","interface":"wlan0","before":"","enabled":[],"added":""}' >/run/state/aiotctl/wifi-move.json
look moved env XDG_STATE_HOME=/run/state
ip link set lo up
python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5353))
open("/run/held", "w").close()
time.sleep(100)' &
until_seen 30 test -e /run/held
look held
date -s 1970-01-02 >/dev/null
look epoch
