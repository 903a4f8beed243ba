#!/bin/bash
# In the guest: a real bluetoothd, three controllers, of which one scans and two advertise.
aiotctl=$1
discover() { "$aiotctl" discover --only ble --jsonl --timeout "$1"; }
# hear CELSIUS: the first advert that tells this temperature, 60 s at most
hear() { "$aiotctl" listen 'ble:*' --jsonl --filter "ble.temperature_celsius=$1" --count 1 --duration 60s; }
lab-bt 3 || exit 1
power() {  # power ADAPTER true|false
  dbus-send --system --print-reply --dest=org.bluez "/org/bluez/$1" org.freedesktop.DBus.Properties.Set \
    string:org.bluez.Adapter1 string:Powered "variant:boolean:$2" >/dev/null
}
for adapter in hci0 hci1 hci2; do power $adapter false; done
discover 3s | sed 's/^/without power: /'
power hci0 true || exit 1
python3 /lab/py/ble_beacon.py hci1 mibeacon >/run/beacon1 2>&1 &
python3 /lab/py/ble_beacon.py hci2 bthome >/run/beacon2 2>&1 &
for ((i = 0; i < 300; i++)); do
  grep -q ready /run/beacon1 && grep -q ready /run/beacon2 && break
  sleep 0.1
done
cat /run/beacon1 /run/beacon2
discover 15s
hear 25.4
hear 25.06
