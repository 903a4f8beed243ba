#!/usr/bin/python3
"""ble_beacon.py ADAPTER KIND: advertises service data on one adapter until it is killed, through BlueZ.
KIND: mibeacon (a Xiaomi LYWSDCGQ: 25.4 degrees, 58.4 %) or bthome (25.06 degrees, 50.55 %).
btvirt reports an advertisement once, when it changes, where a real radio repeats: the frame counter changes each second.
Prints 'ready' when it is on the air."""
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

PROPERTIES = "org.freedesktop.DBus.Properties"
ADVERTISEMENT = "org.bluez.LEAdvertisement1"
PATH = "/lab/beacon"
ADAPTER, KIND = sys.argv[1:3]
# service, bytes before the counter, bytes after it
FRAMES = {
    # Bluetooth-Devices/xiaomi-ble, tests: LYWSDCGQ 58:2D:34:35:93:21.
    "mibeacon": ("fe95", "5020aa01", "219335342d580d1004fe004802"),
    # bthome.io/format, "Temperature" and "Humidity", with a packet id before them.
    "bthome": ("fcd2", "4000", "02ca0903bf13"),
}


class Beacon(dbus.service.Object):
    counter = 0

    def fields(self):
        uuid, before, after = FRAMES[KIND]
        data = bytes.fromhex(before) + bytes([self.counter]) + bytes.fromhex(after)
        return dbus.Dictionary({f"0000{uuid}-0000-1000-8000-00805f9b34fb": dbus.Array(data, signature="y")},
                               signature="sv")

    def count(self):
        self.counter = (self.counter + 1) % 256
        self.PropertiesChanged(ADVERTISEMENT, {"ServiceData": self.fields()}, [])
        return True

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, gone):
        pass

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"Type": "peripheral", "ServiceData": self.fields()}

    @dbus.service.method(ADVERTISEMENT)
    def Release(self):
        pass


def failed(error):
    print("failed:", error, flush=True)
    sys.exit(1)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
adapter = bus.get_object("org.bluez", "/org/bluez/" + ADAPTER)
dbus.Interface(adapter, PROPERTIES).Set("org.bluez.Adapter1", "Powered", True)
beacon = Beacon(bus, PATH)
dbus.Interface(adapter, "org.bluez.LEAdvertisingManager1").RegisterAdvertisement(
    PATH, {}, reply_handler=lambda: print("ready", flush=True), error_handler=failed)
GLib.timeout_add(1000, beacon.count)
GLib.MainLoop().run()
