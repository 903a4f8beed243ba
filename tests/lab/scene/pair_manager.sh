#!/bin/bash
# In the guest: a host whose Wi-Fi (wlan0) NetworkManager manages, its network (wlan2), and a device's access point
# (wlan1). The host goes to the device and back.
aiotctl=$1
umask 077
cd /run || exit 1
export XDG_STATE_HOME=/run/state
device="ip netns exec wlan1"
until_ok() {  # until_ok COMMAND…: 60 s at most
  for ((i = 0; i < 300; i++)); do "$@" >/dev/null 2>&1 && return; sleep 0.2; done
  echo "not: $*"
  nmcli device
}
on() { [[ $(nmcli -t -f NAME,STATE connection show --active) == *"$1:activated"* ]]; }
# visit NAME PASSWORD
visit() {
  printf '%s\n' 'ssid: PROV_12' "password: $2" >ap.yaml
  "$aiotctl" pair http://192.168.4.1 --wifi-from-host --secret-file pop.yaml --access-point ap.yaml --json 2>/dev/null |
    sed "s/^/$1: /"
  until_ok on home
  echo "$1: back on $(nmcli -t -f NAME connection show --active | grep -v '^lo$' | tr '\n' ' '), profiles: $(nmcli -t -f NAME connection show | grep -v '^lo$' | tr '\n' ' '), record: $(ls state/aiotctl 2>/dev/null)"
}
lab-dbus && lab-wifi 3 || exit 1
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
# ap INTERFACE ADDRESS CONF…: an access point with a DHCP server
ap() {
  printf '%s\n' "interface=$1" driver=nl80211 hw_mode=g channel=1 wpa=2 wpa_key_mgmt=WPA-PSK rsn_pairwise=CCMP "${@:3}" >"$1.conf"
  ip netns exec "$1" hostapd -B -f "$1.log" "$1.conf" >/dev/null || cat "$1.log"
  ip netns exec "$1" ip addr add "$2.1/24" dev "$1"
  printf '%s\n' "start $2.20" "end $2.30" "interface $1" "lease_file /run/$1.leases" "pidfile /run/$1.pid" \
    'option subnet 255.255.255.0' >"$1.dhcp"
  : >"$1.leases"
  ip netns exec "$1" busybox udhcpd "$1.dhcp"
}
ap wlan2 192.168.7 ssid=home wpa_passphrase=home-pass
ap wlan1 192.168.4 ssid=PROV_12 wpa_passphrase=secret-pass
printf '%s\n' 'username: wifiprov' 'pop: abcd1234' >pop.yaml
$device "$aiotctl" sim provision --kind esp --port http:8080 --secret-file pop.yaml --jsonl >sim.log 2>&1 &
$device busybox nc -ll -p 80 -e busybox nc 127.0.0.1 8080 &   # virtual devices listen to this machine alone
/usr/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=net
udevadm settle --timeout=30
wpa_supplicant -B -u -s -f wpa.log >/dev/null || { cat wpa.log; exit 1; }
mkdir -p /run/nm && printf '%s\n' '[main]' 'plugins=keyfile' 'dhcp=internal' '[keyfile]' 'path=/run/nm' >nm.conf
NetworkManager --config=/run/nm.conf --config-dir=/run/nm.d >nm.log 2>&1 || { cat nm.log; exit 1; }
until_ok nmcli -t device wifi list
until_ok bash -c 'nmcli -t -f SSID device wifi list --rescan auto | grep -q home'
nmcli device wifi connect home password home-pass >nmcli.log 2>&1 || cat nmcli.log
until_ok on home
visit "NetworkManager" secret-pass
visit "NetworkManager, wrong" wrong-pass
echo end
