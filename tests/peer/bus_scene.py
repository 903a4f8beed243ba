#!/usr/bin/python3
"""bus_scene.py ADDRESS SCENE FILE [MODE...]: plays a service on a message bus with python3-dbusmock.
FILE appears when the scene is set; when the test removes it, the next act is played and FILE comes back."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import dbus
import dbus.bus

ADDRESS, SCENE, READY, *MODES = sys.argv[1:]
MOCK = "org.freedesktop.DBus.Mock"
PROPERTIES = "org.freedesktop.DBus.Properties"
mocks = []


def connect():
    for _ in range(1000):
        try:
            return dbus.bus.BusConnection(ADDRESS)
        except dbus.DBusException:
            time.sleep(0.02)
    sys.exit("no bus at " + ADDRESS)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
bus = connect()


def start_mock(name, *arguments):
    environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=ADDRESS)
    mocks.append(subprocess.Popen([sys.executable, "-m", "dbusmock", "--system", *arguments], env=environment,
                                  stdout=subprocess.DEVNULL))
    for _ in range(1000):
        if bus.name_has_owner(name):
            return
        time.sleep(0.02)
    sys.exit(name + " did not come")


def call(service, path, interface, method, *arguments):
    return bus.get_object(service, path, introspect=False).get_dbus_method(method, interface)(*arguments)


def bytes_of(text):
    return dbus.Array(bytes.fromhex(text), signature="y")


DEVICE = "/org/bluez/hci0/dev_A4_C1_38_00_00_01"


def tell_changed(path, interface, **fields):
    call("org.bluez", path, MOCK, "EmitSignal", PROPERTIES, "PropertiesChanged", "sa{sv}as",
         dbus.Array([interface, dbus.Dictionary(fields, signature="sv"), dbus.Array([], signature="s")], signature="v"))


def change_device(path=DEVICE, **fields):
    tell_changed(path, "org.bluez.Device1", **fields)


def wait_for_scan():
    while not call("org.bluez", "/org/bluez/hci0", PROPERTIES, "Get", "org.bluez.Adapter1", "Discovering"):
        time.sleep(0.02)


def bluez_without_adapter():
    start_mock("org.bluez", "--template", "bluez5")
    yield


def bluez_powered_off():
    start_mock("org.bluez", "--template", "bluez5")
    call("org.bluez", "/", "org.bluez.Mock", "AddAdapter", "hci0", "desk")
    call("org.bluez", "/org/bluez/hci0", MOCK, "UpdateProperties", "org.bluez.Adapter1",
         dbus.Dictionary({"Powered": False}, signature="sv"))
    yield


def bluez():
    start_mock("org.bluez", "--template", "bluez5")
    call("org.bluez", "/", "org.bluez.Mock", "AddAdapter", "hci0", "desk")
    # Remembered from yesterday: not to be told as heard now.
    call("org.bluez", "/", "org.bluez.Mock", "AddDevice", "hci0", "11:22:33:44:55:66", "Old")
    yield
    wait_for_scan()
    call("org.bluez", "/", "org.bluez.Mock", "AddDevice", "hci0", "A4:C1:38:00:00:01", "Sensor")
    # BTHome v2, 25.06 degrees and 50.55 %: the example of bthome.io/format.
    data = dbus.Dictionary({"0000fcd2-0000-1000-8000-00805f9b34fb": bytes_of("4002ca0903bf13")}, signature="sv")
    makers = dbus.Dictionary({dbus.UInt16(0x01A8): bytes_of("01ff00")}, signature="qv")
    change_device(AddressType="random", RSSI=dbus.Int16(-61), ServiceData=data, ManufacturerData=makers,
                  UUIDs=dbus.Array(["0000fcd2-0000-1000-8000-00805f9b34fb"], signature="s"))
    yield
    change_device(RSSI=dbus.Int16(-48))
    yield


def bluez_restarts():
    for _ in range(2):
        start_mock("org.bluez", "--template", "bluez5")
        call("org.bluez", "/", "org.bluez.Mock", "AddAdapter", "hci0", "desk")
        wait_for_scan()
        call("org.bluez", "/", "org.bluez.Mock", "AddDevice", "hci0", "A4:C1:38:00:00:01", "Sensor")
        change_device(AddressType="random", RSSI=dbus.Int16(-61))
        yield
        mocks.pop().terminate()
        while bus.name_has_owner("org.bluez"):
            time.sleep(0.02)
        yield


def bluez_sealed():
    start_mock("org.bluez", "--template", "bluez5")
    call("org.bluez", "/", "org.bluez.Mock", "AddAdapter", "hci0", "desk")
    yield
    wait_for_scan()
    # BTHome v2 of 54:48:E6:8F:80:A5, 25.06 degrees and 50.55 %, encrypted: the example of bthome.io/encryption.
    call("org.bluez", "/", "org.bluez.Mock", "AddDevice", "hci0", "54:48:E6:8F:80:A5", "Sealed")
    data = dbus.Dictionary({"0000fcd2-0000-1000-8000-00805f9b34fb": bytes_of("41a47266c95f730011223378237214")},
                           signature="sv")
    change_device("/org/bluez/hci0/dev_54_48_E6_8F_80_A5", RSSI=dbus.Int16(-50), ServiceData=data)
    yield


def bluez_gatt():
    start_mock("org.bluez", "--template", "bluez5")
    call("org.bluez", "/", "org.bluez.Mock", "AddAdapter", "hci0", "desk")
    call("org.bluez", "/", "org.bluez.Mock", "AddDevice", "hci0", "A4:C1:38:00:00:01", "Sensor")
    path = DEVICE + "/service0001/char0002"
    call("org.bluez", DEVICE, MOCK, "AddObject", path, "org.bluez.GattCharacteristic1",
         dbus.Dictionary({"UUID": "00002a19-0000-1000-8000-00805f9b34fb"}, signature="sv"),
         dbus.Array([("ReadValue", "a{sv}", "ay", "ret = dbus.ByteArray(b'\\x00d\\xff')"),
                     ("WriteValue", "aya{sv}", "", ""),
                     ("StartNotify", "", "", "")], signature="(ssss)"))
    # The mock's Connect() tells of the connection, and leaves the property as it was.
    call("org.bluez", DEVICE, MOCK, "UpdateProperties", "org.bluez.Device1",
         dbus.Dictionary({"ServicesResolved": True, "Connected": True}, signature="sv"))
    yield
    while not call("org.bluez", path, MOCK, "GetMethodCalls", "StartNotify"):
        time.sleep(0.02)
    tell_changed(path, "org.bluez.GattCharacteristic1", Value=bytes_of("00ff0a"))
    yield
    change_device(Connected=False)
    yield


def fake_bluez(modes=()):
    mocks.append(subprocess.Popen([sys.executable, str(pathlib.Path(__file__).parent / "fake_bluez.py"), ADDRESS,
                                   *modes]))
    while not bus.name_has_owner("org.bluez"):
        time.sleep(0.02)
    yield


def supplicant():
    service, root = "fi.w1.wpa_supplicant1", "/fi/w1/wpa_supplicant1"
    start_mock(service, service, root, service)
    card = root + "/Interfaces/0"
    points = [("50524f565f414231323334", "240ac4000001", -40, 2437, False),  # PROV_AB1234
              ("6164685f61316232c3ff00", "240ac4000002", -70, 5180, True)]   # not UTF-8, a NUL in it
    paths = dbus.Array([f"{card}/BSSs/{i}" for i in range(len(points))], signature="o")
    call(service, root, MOCK, "AddProperty", service, "Interfaces", dbus.Array([card], signature="o"))
    scan = f"self.EmitSignal('{service}.Interface', 'ScanDone', 'b', [True])"
    call(service, root, MOCK, "AddObject", card, service + ".Interface",
         dbus.Dictionary({"Ifname": "wlan0", "BSSs": paths}, signature="sv"),
         dbus.Array([("Scan", "a{sv}", "", scan)], signature="(ssss)"))
    for path, (ssid, bssid, signal, frequency, privacy) in zip(paths, points):
        fields = {"SSID": bytes_of(ssid), "BSSID": bytes_of(bssid), "Signal": dbus.Int16(signal),
                  "Frequency": dbus.UInt16(frequency), "Privacy": privacy, "Age": dbus.UInt32(1)}
        call(service, root, MOCK, "AddObject", path, service + ".BSS", dbus.Dictionary(fields, signature="sv"),
             dbus.Array([], signature="(ssss)"))
    yield


def network_manager():
    service, root = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
    start_mock(service, "--template", "networkmanager")
    card = call(service, root, MOCK, "AddWiFiDevice", "card", "wlp2s0", dbus.Int32(30))
    call(service, card, MOCK, "AddProperty", service + ".Device.Wireless", "LastScan", dbus.Int64(1))
    call(service, card, MOCK, "AddMethod", service + ".Device.Wireless", "RequestScan", "a{sv}", "",
         f"self.props['{service}.Device.Wireless']['LastScan'] = dbus.Int64(2)")
    call(service, root, MOCK, "AddAccessPoint", card, "ap0", "PROV_AB1234", "24:0A:C4:00:00:01", dbus.UInt32(2),
         dbus.UInt32(2412), dbus.UInt32(54000), dbus.Byte(82), dbus.UInt32(0))
    yield
    call(service, root, PROPERTIES, "Set", service, "WirelessEnabled", dbus.Boolean(False))
    yield


def supplicant_join():
    """One radio that is on a network; the password "secret-pass" gets it into another."""
    service, root = "fi.w1.wpa_supplicant1", "/fi/w1/wpa_supplicant1"
    start_mock(service, service, root, service)
    card = root + "/Interfaces/0"
    home, added = card + "/Networks/0", card + "/Networks/1"
    call(service, root, MOCK, "AddProperty", service, "Interfaces", dbus.Array([card], signature="o"))
    call(service, root, MOCK, "AddMethod", service, "GetInterface", "s", "o", f"ret = dbus.ObjectPath('{card}')")
    interface = service + ".Interface"
    tell = f"self.UpdateProperties('{interface}', {{'State': STATE}})"
    select = "\n".join([
        f"joins = args[0] == '{home}' or self.psk == 'secret-pass'",
        # What is left behind may be in the middle of a handshake.
        f"if args[0] == '{home}':",
        *("    " + tell.replace("STATE", state) for state in ("'4way_handshake'", "'disconnected'")),
        tell.replace("STATE", "'4way_handshake'"),
        "if joins: " + tell.replace("STATE", "'completed'"),
        "else: " + tell.replace("STATE", "'disconnected'")])
    call(service, root, MOCK, "AddObject", card, interface,
         dbus.Dictionary({"Ifname": "lo", "BSSs": dbus.Array([], signature="o"), "State": "completed",
                          "CurrentNetwork": dbus.ObjectPath(home),
                          "Networks": dbus.Array([home], signature="o")}, signature="sv"),
         dbus.Array([("AddNetwork", "a{sv}", "o",
                      f"self.psk = str(args[0].get('psk', ''))\nret = dbus.ObjectPath('{added}')"),
                     ("SelectNetwork", "o", "", select),
                     ("RemoveNetwork", "o", "", "")], signature="(ssss)"))
    call(service, root, MOCK, "AddObject", home, service + ".Network",
         dbus.Dictionary({"Enabled": True}, signature="sv"), dbus.Array([], signature="(ssss)"))
    yield


def network_manager_join():
    """The same behind NetworkManager, which needs its time to say what was wrong."""
    service, root = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
    start_mock(service, "--template", "networkmanager")
    card = call(service, root, MOCK, "AddWiFiDevice", "card", "wlp2s0", dbus.Int32(30))
    profile, active = root + "/Settings/7", root + "/ActiveConnection/7"
    settings = service + ".Settings.Connection"
    call(service, root, MOCK, "AddObject", profile, settings, dbus.Dictionary({}, signature="sv"), dbus.Array([
        ("GetSettings", "", "a{sa{sv}}",
         "ret = {'802-11-wireless': {'ssid': dbus.ByteArray(b'home')},"
         " '802-11-wireless-security': {'key-mgmt': 'wpa-psk'}}"),
        ("GetSecrets", "s", "a{sa{sv}}", "ret = {args[0]: {'psk': 'home-pass'}}")], signature="(ssss)"))
    call(service, root, MOCK, "AddObject", active, service + ".Connection.Active",
         dbus.Dictionary({"Connection": dbus.ObjectPath(profile)}, signature="sv"), dbus.Array([], signature="(ssss)"))
    call(service, card, PROPERTIES, "Set", service + ".Device", "ActiveConnection", dbus.ObjectPath(active))
    tell = f"objects['{card}'].EmitSignal('{service}.Device', 'StateChanged', 'uuu', [dbus.UInt32(n) for n in STATES])"
    call(service, root, MOCK, "AddMethod", service, "GetDeviceByIpIface", "s", "o", f"ret = dbus.ObjectPath('{card}')")
    call(service, root, MOCK, "AddMethod", service, "AddAndActivateConnection2", "a{sa{sv}}ooa{sv}", "ooa{sv}", "\n".join([
        "joins = args[0].get('802-11-wireless-security', {}).get('psk') == 'secret-pass'",
        "states = (100, 90, 0) if joins else (120, 60, 7)",
        tell.replace("STATES", "states"),
        f"ret = (dbus.ObjectPath('{root}/Settings/8'), dbus.ObjectPath('{root}/ActiveConnection/8'), {{}})"]))
    call(service, root, MOCK, "AddMethod", service, "ActivateConnection", "ooo", "o", "\n".join([
        tell.replace("STATES", "(100, 90, 0)"), f"ret = dbus.ObjectPath('{active}')"]))
    yield


try:
    for _ in globals()[SCENE](*([MODES] if MODES else [])):
        pathlib.Path(READY).touch()
        while os.path.exists(READY):
            time.sleep(0.02)
            if os.getppid() == 1:
                sys.exit(0)
    while os.getppid() != 1:
        time.sleep(0.1)
finally:
    for mock in mocks:
        mock.terminate()
