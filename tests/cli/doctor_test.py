"""doctor_test.py AIOTCTL SCHEMA-FOLDER: `doctor` on the machine of this test, and with an unfinished Wi-Fi move."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

tool, schemas = sys.argv[1], pathlib.Path(sys.argv[2])

try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("SKIP: python3-jsonschema is not installed: the documents are not held against their schemas")


def run(state, *arguments):
    return subprocess.run([tool, "doctor", *arguments], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "XDG_STATE_HOME": state, "NO_COLOR": "1"})


def document(state):
    done = run(state, "--json")
    found = json.loads(done.stdout)
    if jsonschema:
        schema = json.loads((schemas / "aiot.doctor.1.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(found)
    assert found["schema"] == "aiot.doctor/1" and found["exit"] == done.returncode, found
    checks = {check["name"]: check for check in found["data"]["checks"]}
    faults = [check for check in checks.values() if check["state"] == "fault"]
    assert len(checks) == len(found["data"]["checks"]) == 11, checks
    assert done.returncode == (5 if faults else 0) and found["ok"] == (not faults), found
    codes = [error["code"] for error in found["errors"]]
    assert codes == (["doctor.fault"] if faults else []), found
    return checks


with tempfile.TemporaryDirectory() as state:
    checks = document(state)
    assert checks["wifi-move"]["state"] == "ok", checks

    text = run(state)
    assert text.returncode in (0, 5), text
    for check in checks.values():
        words = f"{check['state'].upper():<9}{check['name']:<19}"
        assert words in text.stdout, (words, text.stdout)
        assert not check.get("fix") or f"fix: {check['fix']}\n" in text.stdout, text.stdout

    # The record of a move that was not undone (`pair --access-point`, killed).
    record = pathlib.Path(state) / "aiotctl" / "wifi-move.json"
    record.parent.mkdir()
    record.write_text(json.dumps({"manager": "wpa_supplicant", "interface": "wlan7", "before": "", "enabled": [],
                                  "added": ""}))
    checks = document(state)
    assert checks["wifi-move"]["state"] == "fault" and "wlan7" in checks["wifi-move"]["detail"], checks
    assert checks["wifi-move"]["fix"] == "aiotctl pair --restore-wifi", checks
    text = run(state)
    assert text.returncode == 5, text
    assert "fix: aiotctl pair --restore-wifi\n" in text.stdout and "this machine has a fault" in text.stderr, text
    assert record.exists()  # nothing is changed

    assert run(state, "here").returncode == 2
print("doctor: text, JSON and exit codes agree")
