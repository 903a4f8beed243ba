"""ota_announce_test.py AIOTCTL SCHEMA-FOLDER: what `ota push` makes of the announcements of virtual ESP devices, in a network
namespace of its own, whose loopback interface takes multicast."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SETUP = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo && exec \"$@\""
if "AIOT_TEST_INSIDE" not in os.environ:
    enter = ["unshare", "--map-root-user", "--net", "sh", "-c", SETUP, "sh"]
    if not all(map(shutil.which, ("unshare", "ip"))) or subprocess.run([*enter, "true"], capture_output=True).returncode:
        print("SKIP: no network namespace here, or no iproute2")
        sys.exit(0)
    sys.exit(subprocess.run([*enter, sys.executable, *sys.argv], env={**os.environ, "AIOT_TEST_INSIDE": "1"}).returncode)

from ota_images import esp_image  # noqa: E402
from ota_program import devices, ota  # noqa: E402


def push(kind, *arguments, fault=(), announce=True, within="20s", code=0):
    """The upload takes as long as one to a real device: an announcement is heard meanwhile."""
    options = ["--kind", kind, "--write-time", "60ms", *(["--announce"] if announce else [])]
    with devices(*options, *(("--fault", fault) if fault else ())) as (address,):
        document = ota("push", "--within", within, *arguments, address, new, code=code)
    return document["errors"][0] if code else document["data"]["devices"][0]


with tempfile.TemporaryDirectory() as name:
    new = pathlib.Path(name) / "new.bin"
    # Nothing that gzip makes much smaller.
    new.write_bytes(esp_image("2.0.0", bytes(i * i * 7919 // 64 % 251 for i in range(200000))))

    result = push("esphome")
    assert result["booted"] and result["confirmed"] and "unconfirmed" not in result, result
    assert (result["version_before"], result["version_after"]) == ("1.0.0", "2.0.0"), result
    result = push("esphome", fault="wrong-version")
    assert not result["booted"] and "same version" in result["unconfirmed"], result
    result = push("esphome", announce=False)
    assert not result["booted"] and "reports no version" in result["unconfirmed"], result
    result = push("esphome", "--no-wait")
    assert not result["booted"] and "version_after" not in result, result

    # ArduinoOTA's announcement has no version: the device is back, or it is not.
    result = push("arduino")
    assert not result["booted"] and "is back; it announces no version" in result["unconfirmed"], result
    assert "ArduinoOTA reports no version" in push("arduino", announce=False)["unconfirmed"]
    error = push("arduino", within="3s", fault="gone", code=6)
    assert (error["code"], error["step"]) == ("ota.not_back", "reboot"), error
