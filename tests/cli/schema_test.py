"""Holds every JSON output of the scripted aiotctl against the schemas that are shipped.

usage: schema_test.py AIOTCTL SCHEMA_FOLDER NODE_MODULES

Both python-jsonschema and AJV (npm) validate, for they differ in what they accept as a schema.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
schemas = {}
for path in sorted(folder.glob("*.json")):
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    schemas[re.sub(r"\.(\d+)$", r"/\1", path.stem)] = schema
checked = []
cache = tempfile.TemporaryDirectory()  # not the user's own
os.environ["XDG_CACHE_HOME"] = cache.name


def validate(value, name):
    jsonschema.Draft202012Validator(schemas[name]).validate(value)
    checked.append((name, value))


def output(*args):
    return subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          timeout=60).stdout.decode()


COMMANDS = [
    *[["flash", verb, f"tcp://{host}:1"] for verb in ("info", "reset")
      for host in ("fine", "busy", "hostile", "secured")],
    ["flash", "write", "tcp://fine:1", "tcp://busy:2", "a.bin"],
    ["flash", "verify", "tcp://mismatch:1", "a.bin"],
    ["flash", "read", "tcp://fine:1", "--all", "-o", "a.bin"],
    ["flash", "erase", "tcp://fine:1", "--all", "--yes"],
    ["flash", "erase", "tcp://fine:1", "--all"],
    ["flash", "image", "a.bin"],
    ["flash", "image", "a.bin", "--convert", "hex", "-o", "b"],
    ["flash", "merge", "a.bin", "-o", "b"],
    ["flash", "raed"],
    ["config", "show"],
    ["config", "path"],
    ["sim", "--list"],
    ["sim", "provision", "--list"],
    ["pair", "http://fine:1", "http://busy:2", "http://hostile:3"],
    ["pair", "http://fine:1", "-n"],
    ["pair"],
    *[["pair", "show", code, "--reveal"] for code in (
        "MT:Y.K9042C00KA0648G00", "34970112332", "X-HM://0023ISYWY7OSX", "WIFI:S:home;T:WPA;P:secret-pass;;",
        '{"ver":"v1","name":"P","username":"u","pop":"x","transport":"ble","network":"wifi"}',
        "DPP:C:81/1;M:5254005828e5;I:i;V:2;H:h;K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADM2206avxHJaHXgLMkq/24e0r"
        "srfMP9K1Tm8gx+ovP0I=;;")],
    ["pair", "show", "MT:"],
    ["discover"],
    ["discover", "--where", "none"],
    ["discover", "--where", "name="],
    ["discover", "--list"],
    ["listen", "--list"],
    *[["listen", f"tcp://{host}:1"] for host in ("fine", "busy", "hostile", "timeout")],
    ["nonsense"],
]
for command in COMMANDS:
    document = json.loads(output("--json", *command))
    validate(document, document["schema"])
    lines = output("--jsonl", *command).splitlines()
    for line in lines:
        event = json.loads(line)
        validate(event, "aiot.event/1")
        if event["event"] in ("found", "changed", "lost", "message"):
            validate(event["data"], event["schema"])
    assert json.loads(lines[-1])["event"] == "end", command

ready = output("sim", "esp32", "--count", "3").splitlines()
assert len(ready) == 3
for line in ready:
    validate(json.loads(line), "aiot.sim.ready/1")

# A validator that accepts anything would prove nothing.
try:
    validate({"schema": "aiot.flash/1", "ok": "yes"}, "aiot.flash/1")
except jsonschema.ValidationError:
    pass
else:
    sys.exit("the schema accepts what it must not")
print(f"{len(checked)} outputs match their schemas")

modules = pathlib.Path(sys.argv[3]).resolve()
if not shutil.which("node") or not (modules / "ajv").is_dir():
    print("SKIP: AJV: npm ci --prefix tests brings it")
    sys.exit()
with tempfile.NamedTemporaryFile("w", suffix=".json") as outputs:
    json.dump(checked, outputs)
    outputs.flush()
    subprocess.run(["node", pathlib.Path(__file__).with_name("schema_ajv.mjs"), folder, outputs.name], check=True,
                   env={**os.environ, "AIOT_TEST_NODE_MODULES": str(modules.parent)}, timeout=100)
