"""pair_prompt_test.py AIOTCTL: `pair` asks at its terminal for a passkey that a Bluetooth device shows, and whether two
numbers are the same. BlueZ is fake_bluez.py's."""

import os
import pathlib
import pty
import re
import subprocess
import sys
import time

tool = sys.argv[1]
try:
    import dbus
    import gi.repository
except ImportError as error:
    print(f"SKIP: {error}: apt-get install python3-dbus python3-gi")
    sys.exit(0)
here = pathlib.Path(__file__).parent
TARGET = "ble:A4:C1:38:00:00:01"

daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True)
address = daemon.stdout.readline().strip()
environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=address, XDG_STATE_HOME="/nonexistent")


class Scene:
    def __init__(self, *modes):
        self.bluez = subprocess.Popen([sys.executable, here / "fake_bluez.py", address, *modes])
        bus = dbus.bus.BusConnection(address)
        while not bus.name_has_owner("org.bluez"):
            assert self.bluez.poll() is None
            time.sleep(0.02)
        self.fake = dbus.Interface(bus.get_object("org.bluez", "/", introspect=False), "aiot.Fake")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bluez.terminate()
        self.bluez.wait()

    def calls(self):
        return [str(one) for one in self.fake.Calls()]


def pair(typed, asked, *arguments):
    """What `pair` says in a terminal in which `typed` answers the question `asked`, and its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(tool, [tool, "pair", TARGET, "--timeout", "60s", *arguments], environment)
    said, answered = "", False
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        said += data.decode(errors="replace")
        if not answered and asked in said:
            answered = True
            os.write(terminal, typed.encode())
    os.close(terminal)
    assert answered, said
    return said, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


try:
    with Scene("pair=passkey") as scene:
        said, code = pair("123456\n", "the passkey that the device shows")
        assert code == 0, said
        assert "123456" not in said, said
        assert "RegisterAgent KeyboardDisplay" in scene.calls(), scene.calls()
    for typed, error in (("654321\n", "wrong passkey"), ("12x\n", "wrong passkey"), ("\n", "requires a secret")):
        with Scene("pair=passkey") as scene:
            said, code = pair(typed, "the passkey that the device shows")
            assert code in (2, 7) and error in said, (code, said)
            assert "RemoveDevice" in scene.calls(), scene.calls()
    with Scene("pair=pin", "classic"):
        said, code = pair("1234\n", "the passkey that the device shows")
        assert code == 0, said
    with Scene("pair=compare"):
        said, code = pair("y\n", "this host shows 000042")
        assert code == 0, said
    with Scene("pair=compare"):
        said, code = pair("n\n", "this host shows 000042")
        assert code == 7, said
    # It goes while the question waits: the terminal is as it was.
    with Scene("pair=passkey"):
        said, code = pair("\x03", "the passkey that the device shows")
        assert code == 130, (code, said)

    # Without a terminal, or when it may not ask, the error says how to give it.
    with Scene("pair=passkey"):
        done = subprocess.run([tool, "pair", TARGET, "--io", "KeyboardOnly"], env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        assert done.returncode == 2 and re.search(r"--secret-file FILE", done.stderr), done
    # On the same bus: nobody is bluetooth-meshd.
    done = subprocess.run([tool, "pair", "mesh:70cf7c9732a345b691494810d2e9cbf4", "--json"], env=environment, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 5 and '"code":"mesh.no_daemon"' in done.stdout, done
finally:
    daemon.terminate()
    daemon.wait()
