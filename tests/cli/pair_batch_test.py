"""pair_batch_test.py AIOTCTL SCHEMA-FOLDER: 50 virtual devices in one run, five of them faulty in five ways."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

tool, schemas = sys.argv[1], pathlib.Path(sys.argv[2])

try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("SKIP: python3-jsonschema is not installed: the documents are not held against their schemas")

# The fault, and the cause that is reported.
FAULTS = {
    "refuse-password": "pair.network_refused",
    "no-network": "pair.network_not_found",
    "wrong-state": "pair.window_closed",
    "garbage@authenticated": "pair.protocol_violated",
    "drop@credentials_sent": "pair.superseded",
}
PASSWORD = "correct horse battery"


@contextlib.contextmanager
def devices(*arguments, count=1):
    sim = subprocess.Popen([tool, "sim", "provision", "--kind", "esp", *arguments, "--count", str(count)],
                           stdout=subprocess.PIPE, text=True)
    try:
        yield [json.loads(sim.stdout.readline()) for _ in range(count)]
    finally:
        sim.send_signal(signal.SIGTERM)
        assert sim.wait(20) == 0


def pair(folder, ready, code):
    rows = "".join(json.dumps(line | {"mac": f"24:0a:c4:00:01:{i:02x}", "index": i + 1, "count": len(ready)}) + "\n"
                   for i, line in enumerate(ready))
    done = subprocess.run([tool, "pair", "--json", "--devices", "-", "--jobs", "16", "--wifi-file", "wifi.yaml",
                           "--record", "done.jsonl"], input=rows, capture_output=True, text=True, timeout=150, cwd=folder)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    document = json.loads(done.stdout)
    if jsonschema:
        schema = json.loads((schemas / "aiot.pair.1.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(document)
    return document


with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
    wifi = pathlib.Path(folder) / "wifi.yaml"
    wifi.touch(0o600)
    wifi.write_text(f"ssid: home\npassword: {PASSWORD}\n")
    ready = stack.enter_context(devices(count=45))
    for fault in FAULTS:
        ready += stack.enter_context(devices("--fault", fault))

    first = pair(folder, ready, 10)
    report = first["data"]["devices"]
    assert [one["ok"] for one in report] == [True] * 45 + [False] * 5, report
    assert [one["code"] for one in report[45:]] == list(FAULTS.values()), [one["code"] for one in report[45:]]

    # Again: only the five are tried.
    second = pair(folder, ready, 10)
    report = second["data"]["devices"]
    assert [one.get("skipped", False) for one in report] == [True] * 45 + [False] * 5, report
    assert len(second["errors"]) == 5, second["errors"]

    # Nothing is left behind but the record, which has no secret.
    assert sorted(os.listdir(folder)) == ["done.jsonl", "wifi.yaml"], os.listdir(folder)
    record = pathlib.Path(folder) / "done.jsonl"
    text = record.read_text()
    assert record.stat().st_mode & 0o077 == 0, oct(record.stat().st_mode)
    assert len(text.splitlines()) == 45 and PASSWORD not in text and "abcd1234" not in text, text
