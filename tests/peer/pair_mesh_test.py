"""pair_mesh_test.py AIOTCTL: `pair mesh:…` with bluetooth-meshd as fake_meshd.py plays it; the lab has the real one."""

import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

tool = sys.argv[1]
try:
    import dbus
    import gi.repository
except ImportError as error:
    print(f"SKIP: {error}: apt-get install python3-dbus python3-gi")
    sys.exit(0)
here = pathlib.Path(__file__).parent
TARGET = "mesh:70cf7c97-32a3-45b6-9149-4810d2e9cbf4"

folder = pathlib.Path(tempfile.mkdtemp(prefix="aiot-mesh-"))
daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True)
address = daemon.stdout.readline().strip()
environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=address, XDG_STATE_HOME=str(folder))
state = folder / "aiotctl" / "mesh-network.json"


def secret_file(name, text):
    path = folder / name
    path.touch(0o600)
    path.write_text(text)
    return str(path)


def pair(reason, *arguments, code=0):
    """The device's result, and what the daemon was asked."""
    meshd = subprocess.Popen([sys.executable, here / "fake_meshd.py", address, reason], stdout=subprocess.PIPE, text=True)
    assert meshd.stdout.readline() == "ready\n"
    done = subprocess.run([tool, "pair", TARGET, "--json", "--timeout", "60s", *arguments], env=environment, text=True,
                          capture_output=True, timeout=90)
    meshd.terminate()
    asked = meshd.stdout.read().splitlines()
    meshd.wait()
    assert done.returncode == code, (reason, arguments, done.returncode, done.stdout, done.stderr, asked)
    return json.loads(done.stdout)["data"]["devices"][0], asked


try:
    right = secret_file("right.yaml", "pop: " + "aa" * 16 + "\n")
    wrong = secret_file("wrong.yaml", "pop: " + "bb" * 16 + "\n")
    no_value = secret_file("no-value.yaml", "pop: lamp\n")

    # The first time a network is made; its token and addresses are kept.
    one, asked = pair("ok")
    assert [stage["stage"] for stage in one["stages"]] == ["found", "authenticated", "joined"], one
    assert asked == ["CreateNetwork 16 4", "Attach 9", "element (qa{sv}) [1] (qqa{sv})",
                     "AddNode 70cf7c9732a345b691494810d2e9cbf4", "agent []", "data 0 2"], asked
    assert json.loads(state.read_text()) == {"token": 9, "next_address": 3}
    assert stat.S_IMODE(state.stat().st_mode) == 0o600

    state.write_text('{"token":7,"next_address":3}')
    one, asked = pair("bad-pdu", "--secret-file", right)
    assert asked[0] == "Attach 7" and "agent ['static-oob']" in asked and "data 0 3" in asked, asked
    assert json.loads(state.read_text()) == {"token": 7, "next_address": 4}

    one, _ = pair("bad-pdu", "--secret-file", wrong, code=7)
    assert one["code"] == "pair.wrong_proof" and one["step"] == "authenticate", one
    one, _ = pair("bad-pdu", code=8)
    assert one["code"] == "pair.device_refused", one
    one, _ = pair("timeout", "--secret-file", wrong, code=6)
    assert one["code"] == "pair.no_reply", one
    one, asked = pair("ok", "--secret-file", no_value, code=2)
    assert one["code"] == "pair.missing_secret" and not asked, (one, asked)

    # The daemon's files are gone: another network.
    _, asked = pair("gone")
    assert asked[:3] == ["Attach 7", "CreateNetwork 16 4", "Attach 9"], asked
    assert json.loads(state.read_text())["token"] == 9

    state.write_text("{}")
    one, asked = pair("ok", code=5)
    assert not asked, asked
finally:
    daemon.terminate()
    daemon.wait()
