"""discover_room.py AIOTCTL TESTS: a room full of programs nobody here wrote, each found once.

In a network namespace: avahi-daemon, wsdd, libcoap's coap-server, node-ssdp and a matter.js device.
`aiotctl discover --json` must have one record for each, with what each says of itself. Seen from another
namespace they are one host behind one MAC: one record, with all that they say.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "room"))
import room as furniture  # noqa: E402


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(0)


def discover(aiotctl, *options, inside=()):
    done = subprocess.run([*inside, aiotctl, "discover", "--json", *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)
    return json.loads(done.stdout)["data"], done


EXPECTED = {
    # What each says of itself: its source, and fields of its record.
    "Room lamp": {"source": "mdns", "ecosystem": "Matter", "state": "unprovisioned", "discriminator": 3840,
                  "vendor_id": 0xFFF1, "product_id": 0x8000,
                  "addresses": ["matter:192.0.2.1:5540?discriminator=3840"]},
    "Room box": {"source": "mdns", "hosts": ["room-box.local"]},
    "Room light": {"source": "ssdp", "vendor": "A light maker"},
    "ROOMDESK": {"source": "wsd", "model": "wsdd"},
}
# Those that say no name: one record each from their source.
NAMELESS = ("coap",)


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
    furniture.prepare_network()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = f"{scratch}/cache"
        folder = pathlib.Path(scratch) / "room"
        folder.mkdir()
        room = furniture.Room(tests, folder)
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
    reason = furniture.missing(tests)
    if reason:
        skip(reason)
    sys.exit(subprocess.run(["unshare", "--net", "--mount", sys.executable, __file__, aiotctl, tests,
                             "inside"]).returncode)


if __name__ == "__main__":
    main()
