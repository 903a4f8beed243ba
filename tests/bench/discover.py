#!/usr/bin/env python3
"""discover.py AIOTCTL [HOSTS [SERVICES]]: a room of avahi hosts, found by aiotctl and by avahi-browse.

Each host is an avahi-daemon in a network namespace of its own on one bridge; a daemon without services
runs beside aiotctl. Measured for the whole process of `aiotctl discover --only mdns --jsonl`: how long
after its deadline it ends (goal 50 ms), how long after the first answer that names a service arrives its
device is shown with it (goal 150 ms), when all are shown (goal 1 s). Then `avahi-browse -aprt`, and how
many services each found. Needs root, iproute2, avahi-daemon, avahi-utils and dbus-daemon.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>"""
SERVICE = """<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>{name}</name><service><type>{type}</type><port>{port}</port>
<txt-record>id={name}</txt-record></service></service-group>"""
TYPES = ["_http._tcp", "_esphomelib._tcp", "_hap._tcp", "_new-thing._udp", "_mqtt._tcp"]
TIMEOUT_S = 3


def run(command):
    subprocess.run(command, shell=True, check=True)


class Room:
    """The bridge, its hosts, and the names of all they offer."""

    def __init__(self, folder, hosts, services):
        self.folder = folder
        self.children = []
        self.labels = []
        run("ip link set lo up; echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad")
        run("ip link add br0 type bridge mcast_snooping 0; ip link set br0 up")
        run("ip address add 10.77.0.1/24 dev br0")
        for i in range(1, hosts + 1):
            self.add_host(i, services)
        self.start_beside()

    def daemon(self, name, conf, services, prefix):
        home = self.folder / name
        (home / "services").mkdir(parents=True)
        for file, text in services.items():
            (home / "services" / file).write_text(text)
        (home / "avahi.conf").write_text(conf)
        script = (
            f"mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && "
            f"mount --bind {home}/services /etc/avahi/services && "
            f"exec avahi-daemon --no-drop-root --no-chroot -f {home}/avahi.conf >{home}/log 2>&1"
        )
        self.children.append(subprocess.Popen(prefix + ["unshare", "--mount", "sh", "-c", script]))

    def add_host(self, i, services):
        run(f"ip netns add h{i}; ip link add h{i} type veth peer name dev0 netns h{i}")
        run(f"ip link set h{i} master br0 addrgenmode none up")
        run(
            f"ip netns exec h{i} sh -c 'ip link set lo up; echo 0 > /proc/sys/net/ipv6/conf/dev0/accept_dad; "
            f"ip link set dev0 up; ip address add 10.77.0.{i + 1}/24 dev dev0'"
        )
        files = {}
        for k in range(services):
            label = f"Thing {i:02}-{k:03}"
            self.labels.append(label)
            files[f"{k}.service"] = SERVICE.format(name=label, type=TYPES[k % len(TYPES)], port=1000 + k)
        conf = f"[server]\nhost-name=host{i}\nallow-interfaces=dev0\nenable-dbus=no\n"
        conf += "[publish]\npublish-hinfo=no\npublish-workstation=no\n"
        self.daemon(f"h{i}", conf, files, ["ip", "netns", "exec", f"h{i}"])

    def start_beside(self):
        bus = self.folder / "bus"
        (self.folder / "bus.conf").write_text(BUS.format(bus=bus))
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={bus}"
        command = ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={self.folder}/bus.conf"]
        self.children.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        while not bus.exists():
            time.sleep(0.01)
        conf = "[server]\nhost-name=bench\nallow-interfaces=br0\n"
        conf += "[publish]\npublish-hinfo=no\npublish-workstation=no\n"
        self.daemon("bench", conf, {}, [])

    def wait_until_quiet(self):
        """All hosts have announced everything, and nobody has spoken for two seconds."""
        wire = Wire()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if set(self.labels) <= set(wire.first) and time.monotonic() - wire.last > 2:
                break
            time.sleep(0.1)
            wire.look_for(self.labels)
        wire.close()

    def close(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait()


class Wire:
    """When each service was first named in a response on the bridge."""

    def __init__(self):
        self.first = {}
        self.last = time.monotonic()
        self.packets = []
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(("br0", 0))
        self.socket.settimeout(0.2)
        self.open = True
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while self.open:
            try:
                packet = self.socket.recv(65535)
            except TimeoutError:
                continue
            self.packets.append((time.monotonic(), packet))

    def look_for(self, labels):
        packets, self.packets = self.packets, []
        for at, packet in packets:
            udp = 14 + (40 if packet[12:14] == b"\x86\xdd" else 20)
            if packet[udp : udp + 2] != b"\x14\xe9":
                continue
            self.last = at
            if len(packet) < udp + 11 or not packet[udp + 10] & 0x80:
                continue
            for label in labels:
                if label not in self.first and label.encode() in packet:
                    self.first[label] = at

    def close(self):
        self.open = False
        self.thread.join()
        self.socket.close()


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def with_aiotctl(program, labels):
    wire = Wire()
    command = [program, "discover", "--only", "mdns", "--jsonl", "--timeout", f"{TIMEOUT_S}s"]
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    lines = []
    for line in child.stdout:
        lines.append((time.monotonic(), line.decode()))
    _, _, usage = os.wait4(child.pid, 0)
    end = time.monotonic()
    wire.close()
    wire.look_for(labels)
    shown = {}
    for at, line in lines:
        if '"found"' not in line and '"changed"' not in line:
            continue
        for label in labels:
            if label not in shown and label in line:
                shown[label] = at
    late = [shown[x] - wire.first[x] for x in labels if x in shown and x in wire.first]
    over_ms = (end - start - TIMEOUT_S) * 1000
    all_ms = max((at - start) * 1000 for at in shown.values()) if shown else float("nan")
    print(f"aiotctl: {len(shown)} of {len(labels)} services, CPU {usage.ru_utime + usage.ru_stime:.2f} s")
    print(f"  ended {over_ms:+.0f} ms after its deadline (goal 50)")
    if late:
        print(
            f"  shown {percentile(late, 0.5) * 1000:.0f} ms (median), {max(late) * 1000:.0f} ms (longest) "
            f"after the first answer (goal 150)"
        )
    print(f"  all shown {all_ms:.0f} ms after its start (goal 1000)")
    met = over_ms <= 50 and all_ms <= 1000 and bool(late) and max(late) <= 0.15
    return len(shown), met


def with_avahi_browse(labels):
    start = time.monotonic()
    found = subprocess.run(["avahi-browse", "-aprtk"], stdout=subprocess.PIPE, check=False).stdout.decode()
    took_ms = (time.monotonic() - start) * 1000
    escaped = {label.replace(" ", "\\032") for label in labels}
    names = {line.split(";")[3] for line in found.splitlines() if line.startswith("=")}
    count = len(names & escaped)
    print(f"avahi-browse -aprt: {count} of {len(labels)} services, {took_ms:.0f} ms")
    return count


def main():
    program = os.path.abspath(sys.argv[1])
    hosts = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    services = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    if os.geteuid() != 0:
        print("SKIP: network namespaces need root")
        return 0
    for needed in ("ip", "avahi-daemon", "avahi-browse", "dbus-daemon"):
        if shutil.which(needed) is None:
            print(f"SKIP: {needed} is not here")
            return 0
    if "AIOT_BENCH_INSIDE" not in os.environ:
        os.environ["AIOT_BENCH_INSIDE"] = "1"
        command = ["unshare", "--net", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh"]
        os.execvp("unshare", command + [sys.executable] + sys.argv)
    with tempfile.TemporaryDirectory() as folder:
        room = Room(pathlib.Path(folder), hosts, services)
        try:
            room.wait_until_quiet()
            ours, met = with_aiotctl(program, room.labels)
            theirs = with_avahi_browse(room.labels)
        finally:
            room.close()
    return 0 if met and ours >= theirs else 1


if __name__ == "__main__":
    sys.exit(main())
