#!/usr/bin/python3
"""fake_meshd.py ADDRESS REASON: bluetooth-meshd's side of D-Bus (doc/mesh-api.txt of BlueZ 5.66). A device is found at
once; it is added when the static OOB value that it is given is `aa…`, or with REASON `ok`; else AddNodeFailed says REASON.
`gone`: the network of the first token is not known. Prints what it was asked."""

import sys

import dbus
import dbus.bus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

ROOT, NODE = "/org/bluez/mesh", "/org/bluez/mesh/node"
NETWORK, MANAGEMENT = "org.bluez.mesh.Network1", "org.bluez.mesh.Management1"
APPLICATION, PROVISIONER, AGENT = ("org.bluez.mesh." + name for name in ("Application1", "Provisioner1",
                                                                         "ProvisionAgent1"))
reason = sys.argv[2]
known = {} if reason == "gone" else {7: True}


def log(*words):
    print(*words, flush=True)


class Network(dbus.service.Object):
    @dbus.service.method(NETWORK, in_signature="oay", sender_keyword="sender", byte_arrays=True)
    def CreateNetwork(self, root, uuid, sender):
        log("CreateNetwork", len(uuid), uuid[6] >> 4)
        known[9] = True
        app = bus.get_object(sender, root, introspect=False)
        app.get_dbus_method("JoinComplete", APPLICATION)(dbus.UInt64(9), reply_handler=lambda: None,
                                                         error_handler=log)

    @dbus.service.method(NETWORK, in_signature="ot", out_signature="oa(ya(qa{sv}))", sender_keyword="sender",
                         async_callbacks=("done", "failed"))
    def Attach(self, root, token, sender, done, failed):
        log("Attach", int(token))
        if int(token) not in known:
            return failed(dbus.DBusException("", name="org.bluez.mesh.Error.NotFound"))
        node.app = bus.get_object(sender, root, introspect=False)

        def attached(tree):
            element = tree[root + "/element"]["org.bluez.mesh.Element1"]
            log("element", element["Models"].signature, [int(model[0]) for model in element["Models"]],
                element["VendorModels"].signature)
            node.agent = bus.get_object(sender, next(path for path in tree if AGENT in tree[path]), introspect=False)
            done(dbus.ObjectPath(NODE), dbus.Array([], signature="(ya(qa{sv}))"))
        node.app.get_dbus_method("GetManagedObjects", "org.freedesktop.DBus.ObjectManager")(
            reply_handler=attached, error_handler=log)


class Node(dbus.service.Object):
    def call(self, method, signature, *arguments, then=lambda *_: None, at=None, interface=PROVISIONER):
        (at or self.app).get_dbus_method(method, interface)(
            *arguments, signature=signature, reply_handler=then, error_handler=log, byte_arrays=True)

    @dbus.service.method(MANAGEMENT, in_signature="a{sv}")
    def UnprovisionedScan(self, options):
        for uuid in (bytes(16), bytes.fromhex("70cf7c9732a345b691494810d2e9cbf4")):
            self.call("ScanResult", "naya{sv}", -40, dbus.ByteArray(uuid + b"\0\0"), {})

    @dbus.service.method(MANAGEMENT)
    def UnprovisionedScanCancel(self):
        pass

    @dbus.service.method(MANAGEMENT, in_signature="aya{sv}", byte_arrays=True)
    def AddNode(self, uuid, options):
        log("AddNode", uuid.hex())
        uuid = dbus.ByteArray(uuid)

        def failed():
            self.call("AddNodeFailed", "ays", uuid, reason)

        def data(index, address):
            log("data", int(index), int(address))
            self.call("AddNodeComplete", "ayqy", uuid, dbus.UInt16(address), dbus.Byte(1))

        def prompted(value):
            ok = reason in ("ok", "gone") or bytes(value) == b"\xaa" * 16
            self.call("RequestProvData", "y", dbus.Byte(1), then=data) if ok else failed()

        def agent(fields):
            log("agent", [str(one) for one in fields["Capabilities"]])
            if "static-oob" in fields["Capabilities"]:
                self.call("PromptStatic", "s", "static-oob", then=prompted, at=self.agent, interface=AGENT)
            else:
                prompted(b"")
        self.call("GetAll", "s", AGENT, then=agent, at=self.agent, interface="org.freedesktop.DBus.Properties")


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
network, node = Network(bus, ROOT), Node(bus, NODE)
bus.request_name("org.bluez.mesh")
log("ready")
GLib.MainLoop().run()
