"""ota_ble_test.py AIOTCTL SCHEMA-FOLDER: SMP over Bluetooth LE, `ota push` and `ota smp` against `sim ota --port ble`, both
real programs on BlueZ as fake_bluez.py plays it: values of at most the MTU, connections that end with a reset."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent / "cli"))
from ota_images import mcuboot_image  # noqa: E402
from ota_program import devices, ota  # noqa: E402

if not shutil.which("dbus-daemon"):
    print("SKIP: dbus-daemon is not here: apt-get install dbus-daemon")
    sys.exit(0)
try:
    import dbus  # noqa: F401
    import gi  # noqa: F401
except ImportError:
    print("SKIP: python3-dbus and python3-gi are not here: apt-get install python3-dbus python3-gi")
    sys.exit(0)


def first(document):
    return document["data"]["devices"][0]


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    new = folder / "new.bin"
    new.write_bytes(mcuboot_image(2, bytes(range(256)) * 80))
    address = f"unix:path={folder}/bus"
    daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=" + address,
                               "--print-address"], stdout=subprocess.PIPE, text=True)
    daemon.stdout.readline()
    bluez = subprocess.Popen(["/usr/bin/python3", here / "fake_bluez.py", address, "alone", "ready"],
                             stdout=subprocess.PIPE, text=True)
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
    try:
        assert bluez.stdout.readline() == "ready\n"
        with devices("--port", "ble", "--running", str(new)) as (sim,):
            assert sim == "ble:00:01:02:03:04:05", sim  # the one controller's
        # fake_bluez.py gives each its own address, as a host hears them.
        with devices("--port", "ble"):
            sim = "ble:AA:BB:CC:00:00:02"
            assert first(ota("smp", sim, "echo", "Hello, world!"))["text"] == "Hello, world!"
            values = {one["name"]: one["value"] for one in first(ota("smp", sim, "params"))["values"]}
            assert values["buf_size"] == 2048, values
            assert [slot["version"] for slot in first(ota("smp", sim, "images"))["slots"]] == ["1.0.0"]
            result = first(ota("push", sim, new))
            assert result["booted"] and result["confirmed"] and result["protocol"] == "smp", result
            assert (result["version_before"], result["version_after"]) == ("1.0.0", "2.0.0"), result
            assert result["sent_bytes"] == new.stat().st_size, result
            assert first(ota("push", sim + "?adapter=hci0", new))["up_to_date"]
        for number, fault, code, error in ((3, "wrong-version", 9, "ota.not_booted"), (4, "never-back", 6, "ota.not_back"),
                                           (5, "corrupt@5000", 9, "smp.hash_mismatch")):
            with devices("--port", "ble", "--fault", fault):
                sim = f"ble:AA:BB:CC:00:00:{number:02X}"
                assert ota("push", "--within", "3s", sim, new, code=code)["errors"][0]["code"] == error, fault
        with devices("--port", "ble", count=2):
            report = ota("push", "ble:AA:BB:CC:00:00:06", "ble:AA:BB:CC:00:00:07", new)["data"]["devices"]
            assert all(one["confirmed"] for one in report), report
        assert ota("push", "ble:AA:BB:CC:00:00:01?adapter=hci7", new, code=5)["errors"][0]["code"] == "bluetooth.no_adapter"
    finally:
        bluez.terminate()
        daemon.terminate()
        bluez.wait(10)
        daemon.wait(10)
