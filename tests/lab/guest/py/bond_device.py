#!/usr/bin/python3
"""bond_device.py ADAPTER NAME IO: a device that can be bonded, on one adapter, through BlueZ, until it is killed.
IO is what its agent can do (NoInputNoOutput, DisplayOnly, KeyboardOnly, DisplayYesNo …). Over LE it advertises NAME; over
BR/EDR it lets itself be found. A passkey that it shows is in /run/shown; one that it has to enter is awaited in
/run/typed. Prints 'ready' and its address when it is on the air."""
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

AGENT = "org.bluez.Agent1"
PROPERTIES = "org.freedesktop.DBus.Properties"
ADVERTISEMENT = "org.bluez.LEAdvertisement1"
ADAPTER, NAME, IO = sys.argv[1:4]


class Rejected(dbus.DBusException):
    _dbus_error_name = "org.bluez.Error.Rejected"


class Agent(dbus.service.Object):
    @dbus.service.method(AGENT)
    def Release(self):
        pass

    @dbus.service.method(AGENT)
    def Cancel(self):
        print("cancelled", flush=True)

    @dbus.service.method(AGENT, in_signature="ouq")
    def DisplayPasskey(self, device, passkey, entered):
        if entered == 0:
            with open("/run/shown.new", "w") as file:
                file.write("%06d\n" % passkey)
            os.rename("/run/shown.new", "/run/shown")
            print("shows %06d" % passkey, flush=True)

    @dbus.service.method(AGENT, in_signature="o", out_signature="u", async_callbacks=("reply", "fail"))
    def RequestPasskey(self, device, reply, fail):
        def look():
            if not os.path.exists("/run/typed"):
                return True
            with open("/run/typed") as file:
                reply(dbus.UInt32(int(file.read())))
            return False
        GLib.timeout_add(50, look)

    @dbus.service.method(AGENT, in_signature="ou")
    def RequestConfirmation(self, device, passkey):
        print("compares %06d" % passkey, flush=True)
        if os.path.exists("/run/refuse"):
            raise Rejected("no")

    @dbus.service.method(AGENT, in_signature="o")
    def RequestAuthorization(self, device):
        print("authorizes", flush=True)

    @dbus.service.method(AGENT, in_signature="os")
    def AuthorizeService(self, device, uuid):
        pass


class Advert(dbus.service.Object):
    counter = 0

    def fields(self):
        return dbus.Dictionary({dbus.UInt16(0xFFFF): dbus.Array([self.counter], signature="y")}, signature="qv")

    def count(self):    # btvirt reports an advertisement once, when it changes
        self.counter = (self.counter + 1) % 256
        self.PropertiesChanged(ADVERTISEMENT, {"ManufacturerData": self.fields()}, [])
        return True

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, gone):
        pass

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"Type": "peripheral", "LocalName": NAME, "ManufacturerData": self.fields()}

    @dbus.service.method(ADVERTISEMENT)
    def Release(self):
        pass


def failed(error):
    print("failed:", error, flush=True)
    sys.exit(1)


def ready():
    print("ready", adapter.Get("org.bluez.Adapter1", "Address"), flush=True)


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
path = "/org/bluez/" + ADAPTER
adapter = dbus.Interface(bus.get_object("org.bluez", path), PROPERTIES)
adapter.Set("org.bluez.Adapter1", "Powered", True)
adapter.Set("org.bluez.Adapter1", "Pairable", True)
adapter.Set("org.bluez.Adapter1", "Alias", NAME)
agent = Agent(bus, "/lab/agent")
manager = dbus.Interface(bus.get_object("org.bluez", "/org/bluez"), "org.bluez.AgentManager1")
manager.RegisterAgent("/lab/agent", IO)
manager.RequestDefaultAgent("/lab/agent")
if "le" in sys.argv[4:]:
    advert = Advert(bus, "/lab/advert")
    dbus.Interface(bus.get_object("org.bluez", path), "org.bluez.LEAdvertisingManager1").RegisterAdvertisement(
        "/lab/advert", {}, reply_handler=ready, error_handler=failed)
    GLib.timeout_add(1000, advert.count)
else:
    adapter.Set("org.bluez.Adapter1", "DiscoverableTimeout", dbus.UInt32(0))
    adapter.Set("org.bluez.Adapter1", "Discoverable", True)
    GLib.idle_add(ready)
GLib.MainLoop().run()
