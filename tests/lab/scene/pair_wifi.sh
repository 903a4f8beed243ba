#!/bin/bash
# In the guest: a host (wlan1, wpa_supplicant over D-Bus, a DHCP client) on its network (wlan2), and a device's access
# point (wlan0, hostapd). The host goes to the device and back, in each of the ways that this can end.
aiotctl=$1
umask 077
cd /run || exit 1
export XDG_STATE_HOME=/run/state
host="ip netns exec wlan1"
psk=(ssid=PROV_12 wpa=2 wpa_key_mgmt=WPA-PSK rsn_pairwise=CCMP wpa_passphrase=secret-pass)
sae=(ssid=PROV_12 wpa=2 wpa_key_mgmt=SAE rsn_pairwise=CCMP ieee80211w=2 sae_pwe=2 sae_password=secret-pass)
wpa() { wpa_cli -p /run/wpa -i wlan1 "$@"; }
# on SSID: until the host is there, 30 s at most
on() {
  for ((i = 0; i < 300; i++)); do
    [[ $(wpa status) == *$'\n'"ssid=$1"$'\n'*wpa_state=COMPLETED* ]] && return
    sleep 0.1
  done
  echo "not on $1:"
  wpa status
}
start_pair() {
  # shellcheck disable=SC2086  # $host is several words
  exec $host "$aiotctl" pair http://192.168.4.1 --wifi-file wifi.yaml --secret-file pop.yaml --access-point ap.yaml --jsonl
}
# left NAME: where the host is now, and what is left of the visit
left() {
  on home
  echo "$1: back on home, networks: $(wpa list_networks | tail -n +2 | cut -f 2 | tr '\n' ' '), record: $(ls state/aiotctl 2>/dev/null)"
}
# visit NAME PASSWORD [LINE OF ap.yaml…]
visit() {
  local name=$1
  printf '%s\n' 'ssid: PROV_12' "${@:3}" ${2:+"password: $2"} >ap.yaml
  (start_pair) >pair.out 2>&1
  echo "exit $?" >>pair.out
  grep -E '"(failed|finished)"|^exit' pair.out | sed "s/^/$name: /"
  left "$name"
}

# fresh_device: a virtual device that waits to be provisioned
fresh_device() {
  [[ -z $device ]] || { kill "$device"; wait "$device"; }
  "$aiotctl" sim provision --kind esp --port http:8080 --secret-file pop.yaml --wifi-file wifi.yaml --jsonl >sim.log 2>&1 &
  device=$!
  for ((i = 0; i < 300; i++)); do grep -q '"ready"' sim.log && return; sleep 0.1; done
  cat sim.log
}

lab-dbus && lab-wifi 3 || exit 1
printf '%s\n' interface=wlan2 driver=nl80211 hw_mode=g channel=1 ssid=home wpa=2 wpa_key_mgmt=WPA-PSK \
  rsn_pairwise=CCMP wpa_passphrase=home-pass >home.conf
ip netns exec wlan2 hostapd -B -f home.log home.conf >/dev/null || { cat home.log; exit 1; }
printf '%s\n' ctrl_interface=/run/wpa freq_list=2412 sae_pwe=2 'network={' 'ssid="home"' 'psk="home-pass"' '}' >wpa.conf
$host wpa_supplicant -B -u -t -i wlan1 -D nl80211 -c wpa.conf -f wpa.log >/dev/null || { cat wpa.log; exit 1; }
$host busybox udhcpc -i wlan1 -f -T 1 -t 1000 -s /lab/bin/lab-udhcpc >udhcpc.log 2>&1 &
printf '%s\n' 'ssid: home' 'password: home-pass' >wifi.yaml
printf '%s\n' 'username: wifiprov' 'pop: abcd1234' >pop.yaml
lab-ap "${psk[@]}" || exit 1
fresh_device
busybox nc -ll -p 80 -e busybox nc 127.0.0.1 8080 &   # virtual devices listen to this machine alone
on home

visit "WPA2" secret-pass
visit "WPA2, wrong" wrong-pass
lab-ap "${sae[@]}"
fresh_device
visit "SAE" secret-pass "security: wpa3"
visit "SAE, wrong" wrong-pass "security: wpa3"
lab-ap ssid=PROV_12 ignore_broadcast_ssid=1
fresh_device
visit "open and hidden" "" "security: open" "hidden: true"

LAB_DHCP='' lab-ap "${psk[@]}"
$host ip addr flush dev wlan1
printf '%s\n' 'ssid: PROV_12' 'password: secret-pass' >ap.yaml
start_pair >pair.out 2>&1 &
on PROV_12
kill -INT $!
wait $!
echo "interrupted: exit $?"
left interrupted
start_pair >pair.out 2>&1 &
on PROV_12
kill -KILL $!
wait $!
echo "killed: exit $?, record: $(ls state/aiotctl)"
(start_pair) 2>&1 | grep -E '"(notice|failed)"' | sed 's/^/after a kill: /'
$host "$aiotctl" pair --restore-wifi | sed 's/^/restored: /'
left restored
visit "no DHCP" secret-pass
