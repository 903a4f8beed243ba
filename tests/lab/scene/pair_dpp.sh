#!/bin/bash
# In the guest: the network (wlan0, hostapd), a host whose wpa_supplicant sends DPP for aiotctl (wlan1), and a device that
# is configured with it (wlan2, wpa_supplicant).
aiotctl=$1
umask 077
cd /run || exit 1
lab-wifi 3 || exit 1
printf '%s\n' interface=wlan0 driver=nl80211 hw_mode=g channel=1 ssid=home wpa=2 wpa_key_mgmt=WPA-PSK \
  rsn_pairwise=CCMP wpa_passphrase=secret-pass >ap.conf
hostapd -B -f hostapd.log ap.conf >/dev/null || { cat hostapd.log; exit 1; }
printf 'ctrl_interface=/run/host\n' >host.conf
printf 'ctrl_interface=/run/device\nupdate_config=1\ndpp_config_processing=2\n' >device.conf
for end in wlan1:host wlan2:device; do
  ip netns exec "${end%:*}" wpa_supplicant -B -i "${end%:*}" -D nl80211 -c "${end#*:}.conf" -f "${end#*:}.log" >/dev/null ||
    { cat "${end#*:}.log"; exit 1; }
done
device() { wpa_cli -p /run/device -i wlan2 "$@"; }
mac=$(ip netns exec wlan2 cat /sys/class/net/wlan2/address)
id=$(device dpp_bootstrap_gen type=qrcode chan=81/1 mac="$mac" | tail -n 1)
device dpp_bootstrap_get_uri "$id" | tail -n 1 >code
printf 'ssid: home\npassword: secret-pass\n' >wifi.yaml
printf 'ssid: home\npassword: wrong-pass\n' >wrong.yaml
# pair NAME FILE: the device listens, and is configured
pair() {
  device dpp_listen 2412 >/dev/null
  ip netns exec wlan1 "$aiotctl" pair "$(cat code)" --at wifi:/run/host/wlan1 --wifi-file "$2" --json 2>/dev/null | sed "s/^/$1: /"
}
pair "wrong password" wrong.yaml
device remove_network all >/dev/null
pair configured wifi.yaml
for ((i = 0; i < 300; i++)); do device status | grep -q wpa_state=COMPLETED && break; sleep 0.1; done
device status | grep -E '^(ssid|wpa_state)=' | sed 's/^/device: /'
device dpp_stop_listen >/dev/null
echo end
