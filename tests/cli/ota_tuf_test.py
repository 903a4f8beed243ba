"""ota_tuf_test.py AIOTCTL SCHEMA-FOLDER: `sim ota --kind tuf` installs from a repository that `ota serve` serves, both real
programs: an update, one that is resumed after a cut and after a power cut, a damaged one, one that does not boot, one after
which the device is gone."""

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile

from ota_program import ota, tool

SIZE = 9_000_000  # what is on the disk is recorded every 4 MiB


def image(number):
    block = b"".join(hashlib.sha256(bytes([number, i & 255, i >> 8])).digest() for i in range(2000))
    return (block * (SIZE // len(block) + 1))[:SIZE - number]


class Device:
    """`sim ota --kind tuf`, from its start to its end. What it runs then is in `running`."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [tool, "sim", "ota", "--kind", "tuf", "--server", url, "--fingerprint", pin, "--root", root, "--attribute",
             "product=hub", "--attribute", "hardware=a", "--jsonl", *options], stdout=subprocess.PIPE, text=True)
        stack.callback(self.process.kill)

    def notices(self, last):
        """What it says, up to and with the first notice of this code."""
        seen = []
        for line in self.process.stdout:
            one = json.loads(line)
            if one["event"] != "notice":
                continue
            seen.append((one["code"], one["message"]))
            if one["code"] == last:
                return seen
        raise AssertionError((last, seen))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        finished = [one for one in map(json.loads, self.process.stdout) if one["event"] == "finished"]
        assert self.process.wait(20) == 0
        return finished[0]["data"]


with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
    os.chdir(name)
    ota("keygen", "key.pem")
    ota("init", "www", "--root", "key.pem")

    def add(version, number, hardware="a"):
        pathlib.Path("fw.bin").write_bytes(image(number))
        ota("add", "fw.bin", "--product", "hub", "--hardware", hardware, "--version", version, "--repository", "www", "--key",
            "key.pem")

    server = subprocess.Popen([tool, "ota", "serve", "www", "--listen", "127.0.0.1:0", "--self-signed", "--state", "state",
                               "--jsonl"], stdout=subprocess.PIPE, text=True)
    stack.callback(server.kill)
    ready = json.loads(server.stdout.readline())
    url, pin, root = ready["urls"][0], ready["certificate_sha256"], "1.root.json"
    pathlib.Path(root).write_bytes(pathlib.Path("www/metadata/1.root.json").read_bytes())

    add("1.1.0", 1)
    device = Device()
    assert device.notices("sim.boots")[-1][1] == "boots 1.1.0"
    # While it runs, the next one.
    add("1.2.0", 2)
    assert device.notices("sim.boots")[-1][1] == "boots 1.2.0"
    assert device.stop()["running"] == "1.2.0"

    device = Device("--fault", "drop@5000000")
    assert [code for code, _ in device.notices("sim.boots")] == ["sim.boots"]
    done = device.stop()
    # It went on where it was cut.
    assert done["running"] == "1.2.0" and done["bytes_in"] < 1.2 * SIZE, done

    device = Device("--fault", "power-cut@5000000")
    seen = device.notices("sim.boots")
    assert [code for code, _ in seen] == ["sim.power_cut", "sim.boots"] and seen[-1][1] == "boots 1.0.0", seen
    assert device.notices("sim.boots")[-1][1] == "boots 1.2.0"
    # What was on the disk by then was not fetched again.
    done = device.stop()
    assert done["running"] == "1.2.0" and done["bytes_in"] < 1.4 * SIZE, done

    device = Device("--fault", "corrupt@100")
    said = device.notices("sim.not_updated")[-1][1]
    assert "not the one that the metadata names" in said, said
    assert device.stop()["running"] == "1.0.0"

    device = Device("--fault", "wrong-version")
    assert device.notices("sim.boots")[-1][1] == "boots 1.0.0, rolled back"
    assert "1.2.0" in device.notices("sim.not_updated")[-1][1]
    assert device.stop()["running"] == "1.0.0"

    # What runs is no older than what is on offer; the image that runs at first is one that the repository has.
    device = Device("--attribute", "version=2.0.0")
    assert "2.0.0" in device.notices("sim.not_updated")[-1][1]
    assert device.stop()["running"] == "2.0.0"
    pathlib.Path("other.json").write_bytes(pathlib.Path("www/metadata/timestamp.json").read_bytes())
    for options in (("--root", "other.json"), ("--attribute", "product=kettle"), ("--fingerprint", "00" * 32)):
        device = Device(*options)
        device.notices("sim.not_updated")
        assert device.stop()["running"] == "1.0.0", options

    device = Device("--fault", "never-back")
    device.notices("sim.gone")
    assert device.stop()["running"] == "1.0.0"

    def refused(code, *arguments):
        done = subprocess.run([tool, "sim", "ota", "--jsonl", *arguments], capture_output=True, text=True, timeout=30)
        assert done.returncode == 2 and f'"code":"{code}"' in done.stdout, done

    polls = ("--kind", "tuf", "--server", url, "--root", root)
    refused("sim.bad-server", *polls[:4], "--attribute", "product=hub", "--attribute", "hardware=a")
    refused("sim.bad-attribute", *polls, "--attribute", "product=hub")
    refused("sim.not-for-device", *polls, "--token-file", "key.pem")
    refused("sim.not-for-device", *polls, "--port", "tcp:0")
    refused("sim.not-for-device", "--kind", "smp", "--root", root)
