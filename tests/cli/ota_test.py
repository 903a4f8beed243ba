"""ota_test.py AIOTCTL SCHEMA-FOLDER: `ota push` and `sim ota`, both real programs."""

import pathlib
import subprocess
import tempfile

from ota_images import mcuboot_image
from ota_program import devices, ota, tool


def push(*arguments, code=0):
    return ota("push", *arguments, code=code)


with tempfile.TemporaryDirectory() as folder:
    new = pathlib.Path(folder) / "new.bin"
    new.write_bytes(mcuboot_image(2, bytes(range(256)) * 400))

    for port in ("udp:0", "pty", "tcp:0"):
        with devices("--port", port) as (address,):
            result = push(address, str(new))["data"]["devices"][0]
            assert result["ok"] and result["booted"] and result["confirmed"], result
            assert (result["version_before"], result["version_after"]) == ("1.0.0", "2.0.0"), result
            assert result["sent_bytes"] == new.stat().st_size, result
            again = push(address, str(new))["data"]["devices"][0]
            assert again["up_to_date"] and again["sent_bytes"] == 0, again

    with devices() as (address,):
        result = push("-n", address, str(new))["data"]["devices"][0]
        assert result["dry_run"] and not result["booted"], result
        result = push("--no-confirm", address, str(new))["data"]["devices"][0]
        assert result["booted"] and not result["confirmed"], result

    # An upload that was cut off, by the device's end.
    for fault, code, name, step in (
        ("wrong-version", 9, "ota.not_booted", "reboot"),
        ("corrupt@5000", 9, "smp.hash_mismatch", "upload"),
        ("power-cut@30000", 6, "smp.upload_stalled", "upload"),
    ):
        with devices("--fault", fault) as (address,):
            document = push(address, str(new), code=code)
            error = document["errors"][0]
            assert (error["code"], error["step"]) == (name, step), error
            assert not document["data"]["devices"][0]["booted"], document

    with devices("--fault", "never-back") as (address,):
        assert push("--within", "3s", address, str(new), code=6)["errors"][0]["code"] == "ota.not_back"
    with devices("--fault", "lossy") as (address,):
        assert push(address, str(new))["data"]["devices"][0]["confirmed"]

    with devices(count=16) as addresses:
        report = push(*addresses, str(new))["data"]["devices"]
        assert len(report) == 16 and all(one["confirmed"] for one in report), report

    # One of two: exit 10, and both are named.
    with devices() as (good,), devices("--fault", "wrong-version") as (bad,):
        report = push(good, bad, str(new), code=10)
        assert [one["ok"] for one in report["data"]["devices"]] == [True, False], report

    damaged = pathlib.Path(folder) / "damaged.bin"
    damaged.write_bytes(new.read_bytes()[:-40] + bytes(40))
    with devices() as (address,):
        assert push(address, str(damaged), code=3)["errors"][0]["code"].startswith(("ota.", "image.")), "damaged"
        text = subprocess.run([tool, "ota", "push", address, str(new)], capture_output=True, text=True, timeout=60)
        assert text.returncode == 0 and text.stderr == "", text
        assert text.stdout.startswith("OK ") and "1.0.0 to 2.0.0" in text.stdout, text.stdout

    # Single requests.
    def smp(address, *words, code=0):
        document = ota("smp", address, *words, code=code)
        return document["data"]["devices"][0] if code == 0 else document["errors"][0]

    for port in ("udp:0", "pty"):
        with devices("--port", port) as (address,):
            assert smp(address, "echo", "hi")["text"] == "hi"
            assert smp(address, "info")["text"] == "Zephyr 1.0.0"
            assert smp(address, "params")["values"] == [{"name": "buf_size", "value": 2048}, {"name": "buf_count", "value": 2}]
            slots = smp(address, "images")["slots"]
            assert [slot["version"] for slot in slots] == ["1.0.0"], slots
            assert smp(address, "test", "00" * 32, code=9)["code"] == "smp.unknown_image"
            assert smp(address, "shell", "echo", "a")["text"] == "a\n"
            assert smp(address, "shell", "reboot")["status"] == -8
            assert smp(address, "stat")["names"] == ["smp_server"]
            assert smp(address, "stat", "smp_server")["values"][0]["value"] > 0
            back = pathlib.Path(folder) / "back.bin"
            assert smp(address, "upload", str(new), "/lfs1/a")["bytes"] == new.stat().st_size
            assert smp(address, "download", "/lfs1/a", str(back))["bytes"] == new.stat().st_size
            assert back.read_bytes() == new.read_bytes()
            smp(address, "confirm"), smp(address, "erase"), smp(address, "reset")
            for words in (["none"], ["echo"], ["info", "x"], ["test", "zz"]):
                assert smp(address, *words, code=2)["code"] == "ota.action", words
            shown = subprocess.run([tool, "ota", "smp", address, "images"], capture_output=True, text=True, timeout=60)
            assert shown.returncode == 0 and "active, confirmed" in shown.stdout, shown
