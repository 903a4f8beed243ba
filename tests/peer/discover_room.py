"""discover_room.py AIOTCTL TESTS: a room full of programs nobody here wrote, each found once.

In a network namespace: avahi-daemon, wsdd, libcoap's coap-server, node-ssdp and a matter.js device.
`aiotctl discover --json` must have one record for each, with what each says of itself. Seen from another
namespace they are one host behind one MAC: one record, with all that they say.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ADDRESS = "192.0.2.1"
START_S = 90  # a busy machine takes its time to start a program
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=FOLDER/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>"""
SERVICE = """<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Room box</name>
<service><type>_http._tcp</type><port>80</port></service>
<service><type>_ssh._tcp</type><port>22</port></service></service-group>"""


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(0)


def node_is_new_enough():
    text = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True).stdout
    major, minor = (int(part) for part in text.strip().lstrip("v").split(".")[:2])
    return (major, minor) >= (20, 19)


def check_machine(tests):
    if os.geteuid() != 0:
        skip("a network namespace needs root")
    for program in ("unshare", "ip", "dbus-daemon", "avahi-daemon", "wsdd", "coap-server-notls", "node"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    for package in ("@matter/main", "node-ssdp"):
        if not (tests / "node_modules" / package).is_dir():
            skip(f"npm's {package} is not installed (tests/run.sh installs it)")
    if not node_is_new_enough():
        skip("matter.js needs Node 20.19 or later")
    if subprocess.run(["unshare", "--net", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("no network namespace can be made here")


class Room:
    """The programs, started one after the other; all stop with it."""

    def __init__(self, tests, folder):
        self.tests, self.folder, self.children = tests, folder, []

    def start(self, name, *command, **environment):
        log = open(self.folder / f"{name}.log", "w")
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                 env={**os.environ, **environment})
        self.children.append((name, child))

    def text_of(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_for(self, what, test):
        end = time.monotonic() + START_S
        while not test():
            for name, child in self.children:
                if child.poll() is not None:
                    sys.exit(f"{name} has ended:\n{self.text_of(name)}")
            if time.monotonic() > end:
                sys.exit(f"waited in vain for {what}")
            time.sleep(0.05)

    def furnish(self):
        script = self.tests / "peer/room"
        self.start("matter", "node", script / "matter_lamp.mjs", MATTER_STORAGE_PATH=f"{self.folder}/matter",
                   MATTER_MDNS_NETWORKINTERFACE="dev0")
        self.start("ssdp", "node", script / "ssdp_light.mjs", ADDRESS)
        (self.folder / "bus.conf").write_text(BUS.replace("FOLDER", str(self.folder)))
        self.start("bus", "dbus-daemon", "--nofork", "--nopidfile", f"--config-file={self.folder}/bus.conf")
        self.wait_for("the bus", (self.folder / "bus").exists)
        # Its pid file, socket and services have fixed places: this mount namespace has its own there.
        pathlib.Path("/run/avahi-daemon").mkdir()
        services = self.folder / "services"
        services.mkdir()
        (services / "room.service").write_text(SERVICE)
        subprocess.run(["mount", "--bind", services, "/etc/avahi/services"], check=True)
        (self.folder / "avahi.conf").write_text(
            "[server]\nhost-name=room-box\nallow-interfaces=dev0\n[publish]\npublish-hinfo=no\n"
            "publish-workstation=no\n")
        self.start("avahi", "avahi-daemon", "--no-drop-root", "--no-chroot", "-f", self.folder / "avahi.conf",
                   DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.folder}/bus")
        self.start("wsdd", sys.executable, shutil.which("wsdd"), "-i", "dev0", "-n", "ROOMDESK", "-v")
        self.start("coap", "coap-server-notls", "-g", "224.0.1.187", "-G", "dev0")
        self.wait_for("matter.js", lambda: "\nready\n" in "\n" + self.text_of("matter"))
        self.wait_for("node-ssdp", lambda: "ready" in self.text_of("ssdp"))
        self.wait_for("avahi", lambda: "Service \"Room box\"" in self.text_of("avahi"))

    def clear(self):
        for _, child in self.children:
            child.terminate()
        for _, child in self.children:
            child.wait()


def prepare_network():
    for command in ("link set lo up", "link add dev0 type veth peer name dev1"):
        subprocess.run(["ip", *command.split()], check=True)
    for device in ("dev0", "dev1"):
        # Nobody else is here who could have the same address.
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{device}/accept_dad").write_text("0")
        subprocess.run(["ip", "link", "set", device, "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/24", "dev", "dev0"], check=True)
    subprocess.run(["ip", "route", "add", "default", "dev", "dev0"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)


def discover(aiotctl, *options, inside=()):
    done = subprocess.run([*inside, aiotctl, "discover", "--json", *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)
    return json.loads(done.stdout)["data"], done


EXPECTED = {
    # What each says of itself: its source, and fields of its record.
    "Room lamp": {"source": "mdns", "ecosystem": "Matter", "state": "unprovisioned", "discriminator": 3840,
                  "vendor_id": 0xFFF1, "product_id": 0x8000},
    "Room box": {"source": "mdns", "hosts": ["room-box.local"]},
    "Room light": {"source": "ssdp", "vendor": "A light maker"},
}
# Those that say no name: one record each from their source.
NAMELESS = ("coap", "wsd")


def check(data):
    devices = [device for device in data["devices"] if device["sources"] != ["usb"]]
    shown = json.dumps(data, indent=1)
    for name, fields in EXPECTED.items():
        found = [d for d in devices if d["name"].casefold() == name.casefold()]
        assert len(found) == 1, f"{name}: {len(found)} records\n{shown}"
        for field, value in fields.items():
            got = found[0]["sources"] if field == "source" else found[0].get(field)
            ok = value in got if field == "source" else got == value
            assert ok, f"{name}: {field} is {got}, not {value}\n{shown}"
    for source in NAMELESS:
        found = [d for d in devices if source in d["sources"]]
        assert len(found) == 1, f"{source}: {len(found)} records\n{shown}"
    assert len(devices) == len(EXPECTED) + len(NAMELESS), f"{len(devices)} records\n{shown}"
    state = {source["name"]: source["state"] for source in data["sources"]}
    for name in ("mdns", "ssdp", "wsd", "coap", "miio", "usb"):
        assert state[name] == "ran", f"{name}: {state[name]}\n{shown}"


def check_from_elsewhere(aiotctl, room):
    """Another machine, as far as the network goes: a namespace at the other end of the cable."""
    room.start("elsewhere", "unshare", "--net", "sleep", "infinity")
    pid = room.children[-1][1].pid
    own = os.readlink("/proc/self/ns/net")
    room.wait_for("the other namespace", lambda: os.readlink(f"/proc/{pid}/ns/net") != own)
    subprocess.run(["ip", "link", "set", "dev1", "netns", str(pid)], check=True)
    enter = ["nsenter", "--net", "--target", str(pid)]
    for command in ("link set lo up", "link set dev1 up", "address add 192.0.2.2/24 dev dev1"):
        subprocess.run([*enter, "ip", *command.split()], check=True)
    data, _ = discover(aiotctl, "--timeout", "10s", "--except", "usb", inside=enter)
    shown = json.dumps(data, indent=1)
    links = subprocess.run(["ip", "-json", "link", "show", "dev0"], stdout=subprocess.PIPE, check=True)
    mac = json.loads(links.stdout)[0]["address"]
    assert len(data["devices"]) == 1, f"{len(data['devices'])} records\n{shown}"
    device = data["devices"][0]
    assert mac in device["macs"], f"{mac} is not in {device['macs']}\n{shown}"
    assert {"coap", "mdns", "ssdp", "wsd"} <= set(device["sources"]), shown


def inside(aiotctl, tests):
    prepare_network()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = f"{scratch}/cache"
        folder = pathlib.Path(scratch) / "room"
        folder.mkdir()
        room = Room(tests, folder)
        try:
            room.furnish()
            # Long enough for programs that share two busy processors; the figures are tests/bench's.
            data, _ = discover(aiotctl, "--timeout", "10s")
            check(data)
            shown = len([device for device in data["devices"] if device["sources"] != ["usb"]])
            none, done = discover(aiotctl, "--timeout", "2s", "--where", "ecosystem=none")
            assert done.returncode == 4 and none["devices"] == [], done.stderr
            check_from_elsewhere(aiotctl, room)
        finally:
            room.clear()
    print(f"{shown} devices, each once; one host from elsewhere")


def main():
    aiotctl, tests = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    if sys.argv[3:] == ["inside"]:
        inside(aiotctl, tests)
        return
    check_machine(tests)
    sys.exit(subprocess.run(["unshare", "--net", "--mount", sys.executable, __file__, aiotctl, tests,
                             "inside"]).returncode)


if __name__ == "__main__":
    main()
