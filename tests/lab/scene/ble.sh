#!/bin/bash
# In the guest: a real bluetoothd, three controllers, of which one scans and two advertise.
look=$1
lab-bt 3 || exit 1
power() {  # power ADAPTER true|false
  dbus-send --system --print-reply --dest=org.bluez "/org/bluez/$1" org.freedesktop.DBus.Properties.Set \
    string:org.bluez.Adapter1 string:Powered "variant:boolean:$2" >/dev/null
}
for adapter in hci0 hci1 hci2; do power $adapter false; done
"$look" ble 3 | sed 's/^/without power: /'
power hci0 true || exit 1
python3 /lab/py/ble_beacon.py hci1 mibeacon >/run/beacon1 2>&1 &
python3 /lab/py/ble_beacon.py hci2 bthome >/run/beacon2 2>&1 &
for ((i = 0; i < 300; i++)); do
  grep -q ready /run/beacon1 && grep -q ready /run/beacon2 && break
  sleep 0.1
done
cat /run/beacon1 /run/beacon2
"$look" ble 15
