#!/usr/bin/env python3
"""discover.py AIOTCTL [HOSTS [SERVICES [RUNS]]]: a room full of devices, found by aiotctl and by avahi-browse.

In the network namespace of aiotctl: avahi-daemon, node-ssdp, wsdd, coap-server and a matter.js device (see
tests/peer/room), and behind a bridge HOSTS avahi-daemons with SERVICES services each, in namespaces of their
own. Measured for the whole process of `aiotctl discover --jsonl`, with every source: how long after its
deadline it ends (goal 50 ms), how long after the first answer that names a device or service arrived, by the
kernel's clock, it is shown with it (goal 150 ms), when all are shown (goal 1 s). Then `avahi-browse -aprt`, and
how many services each found. Needs root, iproute2, the programs, and npm's packages (see tests/run.sh).
"""

import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "peer/room"))
import room as furniture  # noqa: E402

SERVICE = """<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>{name}</name><service><type>{type}</type><port>{port}</port>
<txt-record>id={name}</txt-record></service></service-group>"""
TYPES = ["_http._tcp", "_esphomelib._tcp", "_hap._tcp", "_new-thing._udp", "_mqtt._tcp"]
TIMEOUT_S = 3
QUIET_S = 2
SO_TIMESTAMPNS = 35
COAP_CONTENT = 0x45  # RFC 7252, 12.1.2: 2.05


def run(command):
    subprocess.run(command, shell=True, check=True)


class Thing:
    """A device or service: which datagrams name it, and which lines of aiotctl show it."""

    def __init__(self, name, port, text, source):
        self.name, self.port, self.text, self.source = name, port, text, source

    def is_named_by(self, port, payload):
        if self.port == 5353:
            return port == 5353 and len(payload) > 2 and payload[2] & 0x80 and self.text.encode() in payload
        if self.port == 5683:
            return port == 5683 and len(payload) > 1 and payload[1] == COAP_CONTENT
        return self.text.encode() in payload  # some answer from a port of their own

    def is_shown_by(self, line, sources):
        return self.source in sources and self.text in line


FURNITURE = [
    Thing("avahi-daemon", 5353, "Room box", "mdns"),
    Thing("matter.js", 5353, "Room lamp", "mdns"),
    Thing("node-ssdp", 1900, furniture.LIGHT_UDN, "ssdp"),
    Thing("wsdd", 3702, furniture.DESK_ID, "wsd"),
    Thing("coap-server", 5683, "", "coap"),
]


class Wire:
    """The datagrams that arrive at aiotctl's network device, or come from programs beside it."""

    def __init__(self):
        self.sockets = []
        for device in ("dev0", "lo"):
            one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            one.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE: read when all is over
            one.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            one.bind((device, 0))
            one.setblocking(False)
            self.sockets.append(one)

    def datagrams(self):
        """All that have come: when (seconds since 1970), the sender's port, the payload. Not those that a
        program sends to port 5353 of one host, whatever port it was asked from: there avahi-daemon listens."""
        out = []
        for one in self.sockets:
            while True:
                try:
                    packet, extra, _, _ = one.recvmsg(65535, 128)
                except BlockingIOError:
                    break
                seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
                udp = 14 + (40 if packet[12:14] == b"\x86\xdd" else 20)
                protocol = packet[20] if udp == 54 else packet[23]
                if protocol == socket.IPPROTO_UDP and len(packet) >= udp + 8:
                    to_group = packet[38] == 0xFF if udp == 54 else packet[30] >= 224
                    if packet[udp + 2 : udp + 4] == b"\x14\xe9" and not to_group:
                        continue
                    port = int.from_bytes(packet[udp : udp + 2], "big")
                    out.append((seconds + nanoseconds / 1e9, port, packet[udp + 8 :]))
        return sorted(out, key=lambda d: d[0])

    def close(self):
        for one in self.sockets:
            one.close()


def first_named(things, datagrams, known=None):
    """When each was named first."""
    known = {} if known is None else known
    for at, port, payload in datagrams:
        for thing in things:
            if thing.name not in known and thing.is_named_by(port, payload):
                known[thing.name] = at
    return known


class Crowd:
    """Hosts with an avahi-daemon each, behind the bridge that dev1 is a port of."""

    def __init__(self, folder, hosts, services):
        self.folder, self.children, self.things = folder, [], []
        run("ip link add br0 type bridge mcast_snooping 0")
        run("ip link set br0 addrgenmode none up; ip link set dev1 addrgenmode none master br0")
        run("ip -6 address flush dev dev1")
        for i in range(1, hosts + 1):
            self.add_host(i, services)

    def add_host(self, i, services):
        run(f"ip netns add h{i}; ip link add h{i} type veth peer name dev0 netns h{i}")
        run(f"ip link set h{i} master br0 addrgenmode none up")
        run(
            f"ip netns exec h{i} sh -c 'ip link set lo up; echo 0 > /proc/sys/net/ipv6/conf/dev0/accept_dad; "
            f"ip link set dev0 up; ip address add 192.0.2.{i + 1}/24 dev dev0'"
        )
        home = self.folder / f"h{i}"
        (home / "services").mkdir(parents=True)
        for k in range(services):
            label = f"Thing {i:02}-{k:03}"
            self.things.append(Thing(label, 5353, label, "mdns"))
            text = SERVICE.format(name=label, type=TYPES[k % len(TYPES)], port=1000 + k)
            (home / "services" / f"{k}.service").write_text(text)
        (home / "avahi.conf").write_text(
            f"[server]\nhost-name=host{i}\nallow-interfaces=dev0\nenable-dbus=no\n"
            "[publish]\npublish-hinfo=no\npublish-workstation=no\n"
        )
        script = (
            f"mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && "
            f"mount --bind {home}/services /etc/avahi/services && "
            f"exec avahi-daemon --no-drop-root --no-chroot -f {home}/avahi.conf >{home}/log 2>&1"
        )
        command = ["ip", "netns", "exec", f"h{i}", "unshare", "--mount", "sh", "-c", script]
        self.children.append(subprocess.Popen(command))

    def clear(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait()


def wait_until_quiet(wire, things, known):
    """All have announced what they announce, all servers listen, and nobody has spoken for a while. `known`:
    who has, since the room was made."""
    announced = [thing for thing in things if thing.port != 5683]
    quiet_since = time.time()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        datagrams = wire.datagrams()
        first_named(announced, datagrams, known)
        if datagrams:
            quiet_since = datagrams[-1][0]
        sockets = pathlib.Path("/proc/net/udp").read_text() + pathlib.Path("/proc/net/udp6").read_text()
        if f":{5683:04X} " in sockets and len(known) == len(announced) and time.time() - quiet_since > QUIET_S:
            return
        time.sleep(0.1)
    silent = [thing.name for thing in announced if thing.name not in known]
    print(f"not quiet after two minutes; silent: {silent[:5]}")


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def load():
    return f"load {os.getloadavg()[0]:.1f}"


class Seen:
    """What one run of aiotctl has shown, and when."""

    def __init__(self, program):
        command = [program, "discover", "--jsonl", "--timeout", f"{TIMEOUT_S}s"]
        self.start = time.time()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        stamped = []
        for line in child.stdout:
            stamped.append((time.time(), line))
        _, _, usage = os.wait4(child.pid, 0)
        self.end = time.time()
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.lines = []
        for at, line in stamped:
            event = json.loads(line)
            if event.get("event") in ("found", "changed"):
                self.lines.append((at, line.decode(), set(event["data"]["sources"])))

    def first_shown(self, things):
        shown = {}
        for at, line, sources in self.lines:
            for thing in things:
                if thing.name not in shown and thing.is_shown_by(line, sources):
                    shown[thing.name] = at
        return shown

    def has_service(self, name, kind):
        quoted = json.dumps(name)[1:-1]
        return any(quoted in line and kind in line for _, line, _ in self.lines)


def with_aiotctl(program, wire, things):
    wire.datagrams()
    before = load()
    seen = Seen(program)
    named = first_named(things, wire.datagrams())
    shown = seen.first_shown(things)
    late = {name: (shown[name] - named[name]) * 1000 for name in shown if name in named}
    over_ms = (seen.end - seen.start - TIMEOUT_S) * 1000
    all_ms = (max(shown.values()) - seen.start) * 1000 if shown else float("nan")
    missed = [thing.name for thing in things if thing.name not in shown]
    print(f"aiotctl: {len(shown)} of {len(things)} shown, CPU {seen.cpu_s:.2f} s, {before}")
    for name in missed[:10]:
        print(f"  missed: {name}, {'named on the wire' if name in named else 'it said nothing'}")
    print(f"  ended {over_ms:+.0f} ms after its deadline (goal 50)")
    if late:
        slowest = max(late, key=late.get)
        print(
            f"  shown {percentile(late.values(), 0.5):.0f} ms (median), {late[slowest]:.0f} ms (longest, "
            f"{slowest}) after the first answer's arrival (goal 150)"
        )
    for thing in FURNITURE:
        if thing.name in late:
            print(f"    {thing.name}: shown {(shown[thing.name] - seen.start) * 1000:.0f} ms after the start, "
                  f"{late[thing.name]:.0f} ms after its answer")
    last = max(shown, key=shown.get) if shown else ""
    print(f"  all shown {all_ms:.0f} ms after its start (goal 1000; the last is {last}, named at "
          f"{(named.get(last, seen.start) - seen.start) * 1000:.0f} ms)")
    met = over_ms <= 50 and all_ms <= 1000 and not missed and max(late.values(), default=0) <= 150
    return seen, met


def with_avahi_browse():
    """The services (name, type) that it resolves."""
    before = load()
    start = time.monotonic()
    found = subprocess.run(["avahi-browse", "-aprtk"], stdout=subprocess.PIPE, check=False).stdout.decode()
    took_ms = (time.monotonic() - start) * 1000
    services = set()
    for line in found.splitlines():
        if line.startswith("="):
            _, _, _, name, kind, *_ = line.split(";")
            plain = re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m[1])) if len(m[1]) == 3 else m[1], name)
            services.add((plain, kind))
    print(f"avahi-browse -aprt: {len(services)} services, {took_ms:.0f} ms, {before}")
    return services


def inside(program, hosts, services, runs):
    furniture.prepare_network()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = f"{scratch}/cache"
        folder = pathlib.Path(scratch) / "room"
        folder.mkdir()
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={folder}/bus"
        wire = Wire()
        crowd = Crowd(pathlib.Path(scratch) / "crowd", hosts, services)
        room = furniture.Room(TESTS, folder)
        met, known = True, {}
        try:
            room.furnish()
            things = FURNITURE + crowd.things
            for _ in range(runs):
                wait_until_quiet(wire, things, known)
                seen, goals = with_aiotctl(program, wire, things)
                theirs = with_avahi_browse()
                ours = {(name, kind) for name, kind in theirs if seen.has_service(name, kind)}
                own = {(t.name, "") for t in crowd.things if t.name not in {name for name, _ in theirs}}
                extra = sum(1 for name, _ in own if seen.has_service(name, ""))
                print(f"services: aiotctl {len(ours) + extra}, avahi-browse {len(theirs)}\n")
                for name, kind in sorted(theirs - ours):
                    print(f"  avahi-browse alone: {name} {kind}")
                met = met and goals and len(ours) + extra >= len(theirs)
        finally:
            room.clear()
            crowd.clear()
            wire.close()
    return met


def main():
    program = os.path.abspath(sys.argv[1])
    hosts, services, runs = [int(x) for x in sys.argv[2:5]] + [5, 20, 1][len(sys.argv[2:5]) :]
    if "AIOT_BENCH_INSIDE" in os.environ:
        return 0 if inside(program, hosts, services, runs) else 1
    reason = furniture.missing(TESTS)
    if reason:
        print(f"SKIP: {reason}")
        return 0
    environment = {**os.environ, "AIOT_BENCH_INSIDE": "1"}
    return subprocess.run(["unshare", "--net", "--mount", sys.executable, *sys.argv], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
