"""HomeKit against npm hap-nodejs (an accessory) and npm hap-controller (a controller), in a network of its own.

usage: homekit_test.py AIOTCTL TESTS
"""
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

AIOTCTL, TESTS = sys.argv[1], pathlib.Path(sys.argv[2])
PATIENCE_S = 120  # a loaded machine; nothing waits for it when all is well
CODE = "031-45-154"


def skip(reason):
    print("SKIP: " + reason)
    sys.exit(0)


if not shutil.which("node"):
    skip("node is not installed")
for package in ("hap-nodejs", "hap-controller"):
    if not (TESTS / "node_modules" / package).is_dir():
        skip(f"npm {package} is not installed in tests/")
version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
if int(version[1:].split(".")[0]) < 18:
    skip("hap-nodejs wants Node 18 or later, not " + version.strip())
if os.environ.get("AIOT_OWN_NETWORK") != "yes":
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        skip("a network of its own needs root, unshare and ip")
    os.environ["AIOT_OWN_NETWORK"] = "yes"
    os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
# mDNS wants an interface with multicast.
for command in ("link set lo up", "link add v0 type veth peer name v1",
                "addr add 192.0.2.1/24 dev v0", "link set v0 up", "link set v1 up"):
    subprocess.run(["ip", *command.split()], check=True)


class Lines:
    """A program, and the lines that it has written."""

    def __init__(self, *command, **options):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        self.lines = []
        self.more = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.more:
                self.lines.append(line.strip())
                self.more.notify_all()
        with self.more:
            self.lines.append(None)
            self.more.notify_all()

    def wait(self, what, fits):
        """The first line that fits; it and those before are not looked at again."""
        end = time.monotonic() + PATIENCE_S
        with self.more:
            while True:
                while self.lines:
                    line = self.lines.pop(0)
                    assert line is not None, "it ended before " + what
                    if fits(line):
                        return line
                assert self.more.wait(end - time.monotonic()), "no " + what

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, **options)


def pair(exit_code, *arguments):
    done = run(AIOTCTL, "pair", *arguments, "--json")
    assert done.returncode == exit_code, (arguments, done.returncode, done.stdout, done.stderr)
    for secret in (CODE, CODE.replace("-", "")):
        assert secret not in done.stdout + done.stderr, "the code is shown"
    return json.loads(done.stdout)


def controller(place, device_id, *arguments):
    done = run("node", str(NODE / "homekit_controller.mjs"), *place.rsplit(":", 1), device_id, *arguments, cwd=TESTS)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def stages(report):
    return [stage["stage"] for stage in report["data"]["devices"][0]["stages"]]


def secret_file(name, code):
    path = WORK / name
    path.write_text(f'pop: "{code}"\n')
    path.chmod(0o600)
    return str(path)


def against_hap_nodejs():
    lamp = Lines("node", str(NODE / "homekit_accessory.mjs"), str(WORK / "storage"), CODE, cwd=TESTS)
    told = json.loads(lamp.wait("port of hap-nodejs", lambda line: line.startswith("{")))
    address = f"homekit://192.0.2.1:{told['port']}"
    right, wrong = secret_file("right.yaml", CODE), secret_file("wrong.yaml", "031-45-155")

    begin = time.monotonic()
    report = pair(7, address, "--secret-file", wrong)
    assert report["errors"][0]["code"] == "pair.wrong_proof", report
    assert report["errors"][0]["step"] == "authenticate", report
    print(f"wrong code: {time.monotonic() - begin:.2f} s")

    begin = time.monotonic()
    report = pair(0, address, "--secret-file", right)
    print(f"pair, verify, remove: {time.monotonic() - begin:.2f} s")
    assert stages(report) == ["found", "connected", "authenticated", "joined", "confirmed"], report
    device = report["data"]["devices"][0]
    assert (device["id"], device["model"], device["firmware"]) == ("2A:2B:3C:4D:5E:6F", "PL-2", "3.2.1"), device
    assert device["name"].startswith("Peer lamp"), device
    lamp.wait("pairing", lambda line: line == "paired")
    lamp.wait("removal", lambda line: line == "unpaired")

    # By the code of its label alone: hap-nodejs announces the hash of its setup id.
    pair(0, told["uri"])
    lamp.wait("pairing by its code", lambda line: line == "paired")
    lamp.wait("removal", lambda line: line == "unpaired")

    keys = WORK / "keys.json"
    pair(0, address, "--secret-file", right, "--token-file", str(keys))
    lamp.wait("pairing that stays", lambda line: line == "paired")
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    report = pair(7, address, "--secret-file", right)
    assert report["errors"][0]["code"] == "pair.already_paired", report
    pair(5, address, "--secret-file", right, "--token-file", str(keys))  # the file is there
    # hap-controller goes on with the keys, and removes the pairing.
    answer = controller(address.removeprefix("homekit://"), "2A:2B:3C:4D:5E:6F", "keys", str(keys))
    assert "PL-2" in answer["values"] and answer["listed"] and answer["more"] == 2, answer
    lamp.wait("removal", lambda line: line == "unpaired")
    lamp.stop()


def with_device(work, *arguments):
    device = Lines(AIOTCTL, "sim", "provision", "--kind", "homekit", "--jsonl", *arguments)
    ready = json.loads(device.wait("virtual accessory", lambda line: '"ready"' in line))
    work(ready["address"].removeprefix("homekit://"), ready["mac"])
    device.stop()


def against_hap_controller(place, device_id):
    answer = controller(place, device_id, "wrong", "031-45-155")
    assert answer["code"] == 2 and answer["message"].startswith("M4"), answer
    answer = controller(place, device_id, "pair", CODE)
    assert "VL-1" in answer["values"] and answer["listed"] and answer["more"] == 2, answer
    # It is as new again.
    answer = controller(place, device_id, "pair", CODE)
    assert answer["listed"], answer


def paired_already(place, device_id):
    answer = controller(place, device_id, "wrong", CODE)
    assert answer["code"] == 6 and answer["message"].startswith("M2"), answer


NODE = TESTS / "peer"
with tempfile.TemporaryDirectory() as folder:
    WORK = pathlib.Path(folder)
    against_hap_nodejs()
    with_device(against_hap_controller)
    with_device(paired_already, "--fault", "wrong-state")
print("hap-nodejs and hap-controller: passed")
