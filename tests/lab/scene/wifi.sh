#!/bin/bash
# In the guest: an access point with a device's name on one radio, wpa_supplicant with its D-Bus interface on another.
aiotctl=$1
lab-dbus && lab-wifi 2 || exit 1
printf '%s\n' interface=wlan0 driver=nl80211 hw_mode=g channel=1 ssid=PROV_AB12CD >/run/ap.conf
hostapd -B -f /run/hostapd.log /run/ap.conf >/dev/null || { cat /run/hostapd.log; exit 1; }
printf 'ctrl_interface=/run/wpa\nfreq_list=2412\n' >/run/wpa.conf
ip netns exec wlan1 wpa_supplicant -B -u -i wlan1 -D nl80211 -c /run/wpa.conf -f /run/wpa.log >/dev/null ||
  { cat /run/wpa.log; exit 1; }
"$aiotctl" discover --only wifi --jsonl --timeout 15s
