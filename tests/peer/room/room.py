"""The programs nobody here wrote that a room of devices is made of: avahi-daemon, wsdd, libcoap's coap-server,
node-ssdp and a matter.js device, on the network device dev0 of a namespace of their own.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

ADDRESS = "192.0.2.1"
START_S = 90  # a busy machine takes its time to start a program
LIGHT_UDN = "2f402f80-da50-11e1-9b23-001788685f61"  # ssdp_light.mjs has it
DESK_ID = "6f1f3bd0-6ba1-4a3c-8f1b-2f7c3a9d0e55"
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


def node_is_new_enough():
    text = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True).stdout
    major, minor = (int(part) for part in text.strip().lstrip("v").split(".")[:2])
    return (major, minor) >= (20, 19)


def missing(tests):
    """Why the room cannot be furnished here; None when it can."""
    if os.geteuid() != 0:
        return "a network namespace needs root"
    for program in ("unshare", "ip", "dbus-daemon", "avahi-daemon", "wsdd", "coap-server-notls", "node"):
        if not shutil.which(program):
            return f"{program} is not installed"
    for package in ("@matter/main", "node-ssdp"):
        if not (tests / "node_modules" / package).is_dir():
            return f"npm's {package} is not installed (tests/run.sh installs it)"
    if not node_is_new_enough():
        return "matter.js needs Node 20.19 or later"
    if subprocess.run(["unshare", "--net", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        return "no network namespace can be made here"
    return None


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
        self.start("wsdd", sys.executable, shutil.which("wsdd"), "-i", "dev0", "-n", "ROOMDESK", "-U", DESK_ID, "-v")
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
