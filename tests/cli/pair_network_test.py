"""pair_network_test.py AIOTCTL: `pair` in a network of its own with two access points of the same subnet, behind one of
which is the device. It is reached by its interface; and when its access point is gone before it has reported that it
joined, it is found on the other network, by its announcement or by its MAC alone."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

if os.environ.get("AIOT_OWN_NETWORK") != "yes":
    missing = [program for program in ("unshare", "nsenter", "ip", "setpriv") if not shutil.which(program)]
    if not missing and subprocess.run(["unshare", "-rn", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        missing = ["a network of its own"]
    if missing:
        print(f"SKIP: no {', '.join(missing)}")
        sys.exit(0)
    os.environ["AIOT_OWN_NETWORK"] = "yes"
    os.execvp("unshare", ["unshare", "-rn", sys.executable, *sys.argv])

tool = sys.argv[1]
# As an ordinary user: without any capability.
PLAIN = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
# MACs as an ESP32 has them: its access point's follows its station's, whose last half is in its name.
STATION, ACCESS_POINT = "24:0a:c4:00:00:01", "24:0a:c4:00:00:02"
# From every address of a host to its loopback address.
RELAY = """
import asyncio

async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except OSError:
        pass
    writer.close()

async def relay(reader, writer):
    try:
        inner, outer = await asyncio.open_connection("127.0.0.1", 8080)
    except OSError:
        return writer.close()
    await asyncio.gather(copy(reader, outer), copy(inner, writer))

async def main():
    server = await asyncio.start_server(relay, "0.0.0.0", 80, reuse_address=True)
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def ip(*arguments, at=None):
    subprocess.run([*(["nsenter", "-t", str(at), "-n"] if at else []), "ip", *arguments], check=True)


@contextlib.contextmanager
def namespace():
    """The id of a process in another network; it ends with its standard input."""
    process = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; read line"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.communicate()


def join(name, address, other, other_address, at, mac=None):
    """A cable from this host to another one."""
    ip("link", "add", name, "type", "veth", "peer", "name", other, "netns", str(at))
    if mac:
        ip("link", "set", other, "address", mac, at=at)
    ip("link", "set", other, "addrgenmode", "none", at=at)
    ip("addr", "add", other_address, "dev", other, at=at)
    ip("link", "set", other, "up", at=at)
    ip("addr", "add", address, "dev", name)
    ip("link", "set", name, "up")


@contextlib.contextmanager
def device(at, *arguments):
    inside = ["nsenter", "-t", str(at), "-n"]
    sim = subprocess.Popen([*inside, tool, "sim", "provision", "--kind", "esp", "--port", "http:8080", *arguments],
                           stdout=subprocess.PIPE, text=True)
    line = json.loads(sim.stdout.readline())
    # Virtual devices listen to the loopback address.
    relay = subprocess.Popen([*inside, sys.executable, "-c", RELAY], stdout=subprocess.PIPE)
    try:
        assert relay.stdout.readline() == b"ready\n"
        yield line
    finally:
        relay.terminate()
        relay.wait(20)
        sim.terminate()
        assert sim.wait(20) == 0


def pair(*arguments, code=0):
    done = subprocess.run([*PLAIN, tool, "pair", *arguments, "--wifi-file", "wifi.yaml", "--json"], text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    document = json.loads(done.stdout)
    return document["data"]["devices"][0], [one["code"] for one in document.get("errors", [])]


with tempfile.TemporaryDirectory() as folder, namespace() as stranger, namespace() as there:
    os.chdir(folder)
    pathlib.Path("wifi.yaml").touch(0o600)
    pathlib.Path("wifi.yaml").write_text("ssid: home\npassword: correct-battery\n")
    for one in (None, stranger, there):
        ip("link", "set", "lo", "up", at=one)
    # The routes lead to the stranger, which came first.
    join("other", "192.168.4.3/24", "ap", "192.168.4.1/24", stranger)
    join("wlan", "192.168.4.2/24", "ap", "192.168.4.1/24", there, mac=ACCESS_POINT)
    join("home", "192.168.7.2/24", "sta", "192.168.7.9/24", there, mac=STATION)

    with device(there) as line:
        _, errors = pair("http://192.168.4.1", code=5)
        assert errors == ["pair.unreachable"], errors
        _, errors = pair("http://192.168.4.1?interface=nowhere0", code=4)
        assert errors == ["pair.not_found"], errors
        one, _ = pair(line["code"], "--at", "http://192.168.4.1?interface=wlan")
        assert one["stages"][-1]["stage"] == "joined", one

    place = "http://192.168.4.1?interface=wlan"
    with device(there, "--fault", "vanish") as line:
        one, errors = pair(line["code"], "--at", place, code=6)
        assert errors[0] in ("pair.superseded", "pair.link_lost") and one["step"] == "join", (one, errors)
    with device(there, "--fault", "vanish") as line:
        one, _ = pair(line["code"], "--at", place, "--confirm")
        assert [stage["stage"] for stage in one["stages"]][-2:] == ["joined", "confirmed"], one
        assert one["ssid"] == "home" and one["ip"] in ("192.168.4.1", "192.168.7.9"), one
    # It announces nothing.
    for name in ("ap", "sta"):
        ip("link", "set", name, "multicast", "off", at=there)
    ip("neigh", "flush", "dev", "home")
    with device(there, "--fault", "vanish") as line:
        one, _ = pair(line["code"], "--at", place, "--confirm")
        assert one["stages"][-1]["stage"] == "confirmed" and one["ip"] == "192.168.7.9", one
print("done")
