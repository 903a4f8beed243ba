"""station_test.py AIOTCTL MAKE-IMAGES SCHEMA-FOLDER STATION-FOLDER: the boot check and the station of examples/, with
the real program on virtual devices behind pseudo-terminals."""

import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TOOL, MAKE, SCHEMAS, STATION = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
MAC = "02:" + os.getpid().to_bytes(3, "big").hex(":") + ":01:00"


def run(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                          timeout=150, **more)


class Devices:
    """Virtual ESP32s on pseudo-terminals."""

    def __init__(self, count, *more):
        self.sim = subprocess.Popen([TOOL, "sim", "esp32", "--port", "pty", "--mac", MAC,
                                     "--count", str(count), *more], stdout=subprocess.PIPE, text=True)
        self.lines = [self.sim.stdout.readline() for _ in range(count)]
        self.ready = [json.loads(line) for line in self.lines]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sim.terminate()
        self.sim.communicate()


def valid(document):
    try:
        import jsonschema
    except ImportError:
        return
    schema = json.loads((SCHEMAS / (document["schema"].replace("/", ".") + ".json")).read_text())
    jsonschema.Draft202012Validator(schema).validate(document)


def flash(*words):
    ran = run(TOOL, "--json", "flash", *words)
    document = json.loads(ran.stdout)
    valid(document)
    assert document["exit"] == ran.returncode, document
    return ran.returncode, document


def boot_checks(good, mute):
    with Devices(1) as devices:
        address = devices.ready[0]["address"]
        # Each reset starts the application, also behind a pseudo-terminal: written, and written already.
        for _ in range(2):
            code, document = flash(address, good, "--expect", "app: ready")
            assert code == 0, document
            boot = document["data"]["devices"][0]["boot"]
            assert boot["ok"] and boot["matched"].endswith("app: ready") and boot["console"] == [], boot
        # The ROM's way out of its loader, too.
        assert flash(address, good, "--no-stub", "--expect", "app: ready")[0] == 0
        code, document = flash(address, good, "--expect", "app: ready", "--fail-on", "Calling app_main")
        assert code == 9 and document["errors"][0]["code"] == "flash.boot_failed", document
        code, document = flash(address, mute, "--expect", "app: ready", "--within", "1s")
        device = document["data"]["devices"][0]
        assert code == 9 and document["errors"][0]["code"] == "flash.no_boot", document
        assert device["boot"]["console"][-1].endswith("Calling app_main()"), device
        # As text: the console's last lines are shown.
        text = run(TOOL, "flash", address, mute, "--expect", "app: ready", "--within", "1s")
        assert text.returncode == 9 and "Calling app_main()" in text.stdout, text
        # What cannot be meant is refused before the device is touched.
        assert flash(address, good, "--expect", "(")[0] == 2
        assert flash(address, good, "--within", "2s")[0] == 2
        assert flash(address, good, "--expect", "x", "--after", "loader")[0] == 2


def own_files(folder, good):
    with Devices(2) as devices:
        addresses = [ready["address"] for ready in devices.ready]
        for ready in devices.ready:
            (folder / f"nvs-{ready['mac'].replace(':', '')}.bin").write_bytes(ready["mac"].encode() * 100)
        code, document = flash(*addresses, good, f"{folder}/nvs-{{mac}}.bin@nvs", "--expect", "app: ready")
        assert code == 0, document
        for ready in devices.ready:
            back = folder / "back.bin"
            assert flash("read", ready["address"], "-p", "nvs", "-o", str(back))[0] == 0
            assert back.read_bytes().startswith(ready["mac"].encode() * 100)


def station(folder, good, mute):
    path = {**os.environ, "PATH": f"{pathlib.Path(TOOL).parent}:{os.environ['PATH']}"}
    listed, results = folder / "devices.jsonl", folder / "results.csv"
    with Devices(8) as devices:
        listed.write_text("".join(devices.lines))
        for build, code, state in ((good, 0, "good"), (mute, 9, "flash.no_boot")):
            ran = run(str(STATION / "station.sh"), build, str(results), str(listed),
                      env=path if code == 0 else {**path, "EXPECT": "app: never", "WITHIN": "2s"})
            assert ran.returncode == code, (ran, results.read_text())
            rows = list(csv.reader(results.open()))
            assert len(rows) == 8 and {row[4] for row in rows} == {state}, rows
            assert {row[1] for row in rows} == {"flash"}, rows
            assert {row[3] for row in rows} == {ready["mac"] for ready in devices.ready}, rows
            results.unlink()
        if run(sys.executable, "-c", "import pytest").returncode != 0:
            print("SKIP: the station as a pytest: pytest is not installed")
            return
        ran = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(STATION / "test_station.py"),
                  env={**path, "BUILD": good, "DEVICES": str(listed), "PYTHONDONTWRITEBYTECODE": "1"})
        assert ran.returncode == 0 and "1 passed, 2 skipped" in ran.stdout, ran
        ran = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(STATION / "test_station.py"),
                  env={**path, "BUILD": mute, "DEVICES": str(listed), "PYTHONDONTWRITEBYTECODE": "1"})
        assert ran.returncode == 1 and "flash.no_boot" in ran.stdout, ran


if not shutil.which("jq"):
    print("SKIP: jq is not installed")
    sys.exit(0)
with tempfile.TemporaryDirectory() as name:
    work = pathlib.Path(name)
    images = {}
    for kind, text in (("good", "app: ready"), ("mute", "app: waits")):
        images[kind] = str(work / kind)
        subprocess.run([MAKE, "--chip", "esp32", "--size", "64K", "--text", text, images[kind]], check=True)
    boot_checks(images["good"], images["mute"])
    own_files(work, images["good"])
    station(work, images["good"], images["mute"])
print("boot checks, own files, and the station of examples/ on eight devices")
