#!/usr/bin/python3
"""fake_bluez.py ADDRESS MODE...: BlueZ's side of D-Bus with one adapter and devices that behave as the modes say.
What dbusmock has not: an agent that is asked, pairing and connections that fail, and an application that registers
its services (GattManager1) becomes a device that is found and connected to, as if a radio lay between.
The method Calls of the interface aiot.Fake on / gives what was called so far.

Modes: pair=just-works|passkey|pin|display|display-pin|compare|silent|ERROR, known (bonded from earlier),
classic (a BR/EDR speaker), connect=TEXT (the reason of org.bluez.Error.Failed), att=TEXT (of a read or write),
lost (the connection ends at the first write), silent (a write is not answered), hidden (it is never heard),
alone (no device but those of applications), ready (says so on stdout)"""
import sys

import dbus
import dbus.bus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

PROPERTIES, MANAGER = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"
ADAPTER, DEVICE, AGENTS = "org.bluez.Adapter1", "org.bluez.Device1", "org.bluez.AgentManager1"
SERVICE, CHARACTERISTIC, DESCRIPTOR = ("org.bluez.GattService1", "org.bluez.GattCharacteristic1",
                                       "org.bluez.GattDescriptor1")
HCI = "/org/bluez/hci0"
MTU = 517
PASSKEY, SHOWN, COMPARED = 123456, 654321, 42
modes = dict(mode.partition("=")[::2] for mode in sys.argv[2:])
objects, calls, agents = {}, [], {}


def failure(text, name="Failed"):
    return dbus.DBusException(text, name="org.bluez.Error." + name)


class Node(dbus.service.Object):
    """An object with properties, as ObjectManager lists it."""

    def __init__(self, path, interface, fields):
        self.path, self.interface, self.fields = path, interface, fields
        super().__init__(bus, path)
        objects[path] = self
        root.InterfacesAdded(path, {interface: fields})

    def forget(self):
        objects.pop(self.path, None)
        self.remove_from_connection()
        root.InterfacesRemoved(self.path, [self.interface])

    def change(self, **fields):
        self.fields.update(fields)
        self.PropertiesChanged(self.interface, fields, [])

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, gone):
        pass

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return self.fields

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return self.fields[name]

    @dbus.service.method(PROPERTIES, in_signature="ssv")
    def Set(self, interface, name, value):
        self.change(**{str(name): value})


class Root(dbus.service.Object):
    @dbus.service.method(MANAGER, out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        return {path: {one.interface: one.fields} for path, one in objects.items()}

    @dbus.service.signal(MANAGER, signature="oa{sa{sv}}")
    def InterfacesAdded(self, path, interfaces):
        pass

    @dbus.service.signal(MANAGER, signature="oas")
    def InterfacesRemoved(self, path, interfaces):
        pass

    @dbus.service.method("aiot.Fake", out_signature="as")
    def Calls(self):
        return dbus.Array(calls, signature="s")


class AgentManager(dbus.service.Object):
    @dbus.service.method(AGENTS, in_signature="os", sender_keyword="sender")
    def RegisterAgent(self, path, capability, sender):
        calls.append("RegisterAgent " + capability)
        agents[sender] = bus.get_object(sender, path, introspect=False)

    @dbus.service.method(AGENTS, in_signature="o", sender_keyword="sender")
    def UnregisterAgent(self, path, sender):
        calls.append("UnregisterAgent")
        agents.pop(sender, None)


class Adapter(Node):
    @dbus.service.method(ADAPTER, in_signature="a{sv}")
    def SetDiscoveryFilter(self, fields):
        calls.append("Transport " + fields["Transport"])

    @dbus.service.method(ADAPTER)
    def StartDiscovery(self):
        self.change(Discovering=True)
        for one in list(objects.values()):
            if one.interface == DEVICE and "hidden" not in modes:
                one.change(RSSI=dbus.Int16(-50))

    @dbus.service.method(ADAPTER)
    def StopDiscovery(self):
        self.change(Discovering=False)

    @dbus.service.method(ADAPTER, in_signature="o")
    def RemoveDevice(self, path):
        calls.append("RemoveDevice")
        if path not in objects:
            raise failure("", "DoesNotExist")
        objects[path].forget()

    @dbus.service.method("org.bluez.LEAdvertisingManager1", in_signature="oa{sv}", sender_keyword="sender",
                         async_callbacks=("done", "failed"))
    def RegisterAdvertisement(self, path, options, sender, done, failed):
        application(sender).advertise(path, done, failed)

    @dbus.service.method("org.bluez.LEAdvertisingManager1", in_signature="o")
    def UnregisterAdvertisement(self, path):
        calls.append("UnregisterAdvertisement")

    @dbus.service.method("org.bluez.GattManager1", in_signature="oa{sv}", sender_keyword="sender",
                         async_callbacks=("done", "failed"))
    def RegisterApplication(self, path, options, sender, done, failed):
        application(sender).serve(path, done, failed)

    @dbus.service.method("org.bluez.GattManager1", in_signature="o")
    def UnregisterApplication(self, path):
        calls.append("UnregisterApplication")


class Device(Node):
    pending = None

    def __init__(self, address, **fields):
        name = fields.get("Name", "Sensor")
        defaults = {"Address": address, "AddressType": "public", "Name": name, "Paired": False, "Connected": False,
                    "ServicesResolved": False, "UUIDs": dbus.Array([], signature="s")}
        super().__init__(HCI + "/dev_" + address.replace(":", "_"), DEVICE, {**defaults, **fields})

    @dbus.service.method(DEVICE)
    def Connect(self):
        calls.append("Connect")
        if "connect" in modes:
            raise failure(modes["connect"])
        if "connect-bonds" in modes:  # as for a profile that requires a key at once
            self.change(Paired=True)
        self.change(Connected=True)
        self.change(ServicesResolved=True)

    @dbus.service.method(DEVICE)
    def Disconnect(self):
        calls.append("Disconnect")
        self.change(Connected=False, ServicesResolved=False)

    @dbus.service.method(DEVICE)
    def CancelPairing(self):
        calls.append("CancelPairing")
        if self.pending:
            self.pending(failure("Authentication Canceled", "AuthenticationCanceled"))
            self.pending = None

    @dbus.service.method(DEVICE, sender_keyword="sender", async_callbacks=("done", "failed"))
    def Pair(self, sender, done, failed):
        calls.append("Pair")
        if self.fields["Paired"]:
            return failed(failure("Already Exists", "AlreadyExists"))
        how = modes.get("pair", "just-works")
        self.pending = failed
        wrong = failure("Authentication Failed", "AuthenticationFailed")

        def ask(method, signature, *arguments, expected=None, refused=False):
            agents[sender].get_dbus_method(method, "org.bluez.Agent1")(
                dbus.ObjectPath(self.path), *arguments, signature=signature,
                reply_handler=lambda *answer: (
                    bonded() if not refused and (not answer or answer[0] == expected) else failed(wrong)),
                error_handler=lambda error: failed(wrong))

        def bonded():
            self.change(Paired=True, Connected=True)
            done()

        if how == "just-works":
            bonded()
        elif how == "passkey":
            ask("RequestPasskey", "o", expected=PASSKEY)
        elif how == "pin":
            ask("RequestPinCode", "o", expected="1234")
        elif how == "display":
            ask("DisplayPasskey", "ouq", dbus.UInt32(SHOWN), dbus.UInt16(0))
        elif how == "display-pin":
            ask("DisplayPinCode", "os", "4711")
        elif how == "compare":
            ask("RequestConfirmation", "ou", dbus.UInt32(COMPARED))
        elif how == "compare-refused":
            ask("RequestConfirmation", "ou", dbus.UInt32(COMPARED), refused=True)
        elif how != "silent":
            failed(failure(how, how))


class Remote(Node):
    """A characteristic or descriptor of the application behind it, or one that holds a value."""
    source, value = None, b""

    def call(self, method, signature, arguments, done, failed):
        if "att" in modes:
            return failed(failure(modes["att"]))
        if self.source is None:
            return done(dbus.ByteArray(self.value)) if method == "ReadValue" else done()
        self.source.get_dbus_method(method, self.interface)(
            *arguments, signature=signature, reply_handler=done, error_handler=failed, byte_arrays=True)

    @dbus.service.method(CHARACTERISTIC, in_signature="a{sv}", out_signature="ay", async_callbacks=("done", "failed"))
    def ReadValue(self, options, done, failed):
        self.call("ReadValue", "a{sv}", (options,), done, failed)

    @dbus.service.method(CHARACTERISTIC, in_signature="aya{sv}", async_callbacks=("done", "failed"))
    def WriteValue(self, value, options, done, failed):
        calls.append("WriteValue " + str(options.get("type")))
        if "silent" in modes:
            return
        if "lost" in modes:
            owner = objects[self.path.rsplit("/", 2)[0]]
            owner.change(Connected=False, ServicesResolved=False)
            return failed(failure("Operation failed"))
        if options.get("type") == "command" and len(value) > min(MTU - 3, 512):
            return failed(failure("Invalid Length", "InvalidValueLength"))
        more = {"mtu": dbus.UInt16(MTU), "device": dbus.ObjectPath(self.path.rsplit("/", 2)[0])}
        self.call("WriteValue", "aya{sv}", (value, {**options, **more}), done, failed)

    @dbus.service.method(CHARACTERISTIC)
    def StartNotify(self):
        if self.source:
            self.source.get_dbus_method("StartNotify", CHARACTERISTIC)(reply_handler=lambda: None, error_handler=calls.append)

    def on_changed(self, interface, changed, gone):
        self.change(**{str(name): value for name, value in changed.items()})


class Descriptor(Remote):
    @dbus.service.method(DESCRIPTOR, in_signature="a{sv}", out_signature="ay", async_callbacks=("done", "failed"))
    def ReadValue(self, options, done, failed):
        self.call("ReadValue", "a{sv}", (options,), done, failed)


class Application:
    """What a program registers, as the device AA:BB:CC:00:00:NN."""

    def __init__(self, sender, number):
        self.sender, self.device = sender, Device("AA:BB:CC:00:00:%02X" % number)

    def advertise(self, path, done, failed):
        def known(fields):
            self.device.change(Name=fields.get("LocalName", ""), UUIDs=fields.get("ServiceUUIDs", []),
                               RSSI=dbus.Int16(-40))
            done()
        bus.get_object(self.sender, path, introspect=False).get_dbus_method("GetAll", PROPERTIES)(
            "org.bluez.LEAdvertisement1", reply_handler=known, error_handler=failed)

    def serve(self, path, done, failed):
        kinds = {SERVICE: Node, CHARACTERISTIC: Remote, DESCRIPTOR: Descriptor}

        def known(tree):
            for place, interfaces in sorted(tree.items()):
                for interface, fields in interfaces.items():
                    mine = self.device.path + place[len(path):]
                    more = {"MTU": dbus.UInt16(MTU)} if interface == CHARACTERISTIC else {}
                    node = kinds[interface](mine, interface, {**fields, **more})
                    node.source = bus.get_object(self.sender, place, introspect=False)
                    if interface == CHARACTERISTIC:
                        bus.add_signal_receiver(node.on_changed, "PropertiesChanged", PROPERTIES, path=place)
            done()
        bus.get_object(self.sender, path, introspect=False).get_dbus_method("GetManagedObjects", MANAGER)(
            reply_handler=known, error_handler=failed)


applications = {}


def application(sender):
    if sender not in applications:
        applications[sender] = Application(sender, len(applications) + 1)
    return applications[sender]


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
root = Root(bus, "/")
AgentManager(bus, "/org/bluez")
Adapter(HCI, ADAPTER, {"Address": "00:01:02:03:04:05", "Powered": True, "Discovering": False})
if "alone" not in modes:
    classic = {"Class": dbus.UInt32(0x240414), "Name": "Speaker",
               "UUIDs": dbus.Array(["0000110b-0000-1000-8000-00805f9b34fb", "0000110e-0000-1000-8000-00805f9b34fb"],
                                   signature="s")} if "classic" in modes else {}
    device = Device("A4:C1:38:00:00:01", Paired="known" in modes, **classic)
    Node(device.path + "/service0001", SERVICE, {"UUID": "0000180f-0000-1000-8000-00805f9b34fb", "Primary": True})
    level = Remote(device.path + "/service0001/char0002", CHARACTERISTIC,
                   {"UUID": "00002a19-0000-1000-8000-00805f9b34fb"})
    level.value = b"\x64"
    label = Descriptor(level.path + "/desc0004", DESCRIPTOR, {"UUID": "00002901-0000-1000-8000-00805f9b34fb"})
    label.value = b"level\x00"
bus.request_name("org.bluez")
if "ready" in modes:
    print("ready", flush=True)
GLib.MainLoop().run()
