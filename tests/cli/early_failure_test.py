"""early_failure_test.py AIOTCTL SCHEMA-FOLDER SOURCE: --json of commands that fail before they have a result.

Whatever goes wrong, `data` has the lists of the command's result, so that a script may iterate over them. The
verbs come from the completion script, their lists from the schemas, the jq programs from README.md and the
manual pages.
"""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import documented

tool, schemas, source = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])

RESULTS = {
    "bench device": ["bench.device"], "bench run": ["bench.run", "bench.infer"],
    "config path": ["config"], "config show": ["config"],
    "discover": ["discover", "discover.list"], "doctor": ["doctor"],
    "flash": ["flash"], "flash erase": ["flash"], "flash image": ["image", "convert"], "flash info": ["flash"],
    "flash merge": ["merge"], "flash read": ["flash"], "flash reset": ["flash"], "flash verify": ["flash"],
    "flash write": ["flash"],
    "listen": ["listen", "listen.list"],
    "ota add": ["ota.add"], "ota confirm": ["ota.confirm"], "ota init": ["ota.repository"],
    "ota install": ["ota.install"], "ota key": ["ota.repository"], "ota keygen": ["ota.key"],
    "ota push": ["ota.push"], "ota refresh": ["ota.repository"], "ota serve": ["ota.serve"],
    "ota sign": ["ota.sign"], "ota slot": ["ota.slot"], "ota smp": ["ota.smp"], "ota status": ["ota.status"],
    "ota verify": ["ota.verify"],
    "pair": ["pair"], "pair show": ["setup_code"], "pair unpair": ["unpair"],
    "sim": ["sim", "sim.list"], "sim ota": ["sim", "sim.provision.list"],
    "sim provision": ["sim", "sim.provision.list"],
}
# Text, not a document; and commands that have verbs only.
WITHOUT = {"bench", "completion", "config", "help", "ota", "schema"}


def failure(*words):
    run = subprocess.run([tool, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60,
                         stdin=subprocess.DEVNULL, check=False)
    document = json.loads(run.stdout)
    assert run.returncode == document["exit"] != 0, (words, document)
    assert document["errors"] and not document["ok"], (words, document)
    return document


def lists_of(schema):
    """The lists that every document of a schema has, empty, in the objects that hold them."""
    if schema.get("type") == "array":
        return []
    found = {name: lists_of(field) for name, field in schema.get("properties", {}).items()
             if name in schema.get("required", ())}
    return {name: value for name, value in found.items() if value == [] or value} or None


def verbs():
    script = subprocess.run([tool, "completion", "bash"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [path[1:].replace("/", " ") for path in re.findall(r"^ *(/\S+)\) verbs=", script, re.M)]


def assert_contains(data, lists, words):
    for name, content in (lists or {}).items():
        assert name in data, f"{words}: data has no {name}: {data}"
        if content:
            assert_contains(data[name], content, words)


def assert_lists_only(data, words):
    """Nothing is made up: a failed run has no figures."""
    for name, content in data.items():
        assert content == [] or isinstance(content, dict), f"{words}: {name} is {content}"
        if content:
            assert_lists_only(content, words)


found = verbs()
assert set(found) == set(RESULTS) | WITHOUT, set(found) ^ (set(RESULTS) | WITHOUT)
early = {}
for verb in sorted(RESULTS):
    for words in ([*verb.split(), "--json", "--no-such-option"], ["--json", *verb.split(), "--config", "/none"]):
        document = failure(*words)
        assert document["schema"] == "aiot.error/1", document
        for name in RESULTS[verb]:
            schema = json.loads((schemas / f"aiot.{name}.1.json").read_text())
            assert_contains(document["data"], lists_of(schema["properties"]["data"]), words)
        assert_lists_only(document["data"], words)
    early[verb] = document
assert sum(document["data"] != {} for document in early.values()) > 25
assert failure("--json", "nonsense")["data"] == {}

# Beyond the command line: files, devices and folders that are not there.
for words in (["flash", "/dev/none", "none.bin"], ["flash", "write", "tcp://127.0.0.1:1", "none.bin"],
              ["flash", "image", "none.bin"], ["flash", "merge", "-o", "x", "none.bin"],
              ["discover", "--pcap", "none.pcap"], ["discover", "--only", "none"],
              ["pair", "http://127.0.0.1:1", "--wifi-file", "none.yaml"], ["pair", "show", "none"],
              ["ota", "push", "udp://127.0.0.1:1", "none.bin"], ["ota", "status", "none"],
              ["ota", "verify", "none.swu"], ["bench", "run", "none.tflite"], ["listen", "none://x"],
              ["sim", "none"]):
    data = failure("--json", *words)["data"]
    verb = " ".join(words[:2]) if " ".join(words[:2]) in RESULTS else words[0]
    assert_contains(data, early[verb]["data"], words)

# The programs for jq of the documentation.
programs = 0
for command in documented.commands(source):
    stages = [shlex.split(stage) for stage in documented.stages(command.text)]
    for before, after in zip(stages, stages[1:]):
        if before[0] != "aiotctl" or after[0] != "jq" or "--json" not in before:
            continue
        words = [word for word in before[1:] if not word.startswith("-")]
        verb = " ".join(words[:2]) if " ".join(words[:2]) in RESULTS else words[0]
        programs += 1
        if shutil.which("jq"):
            run = subprocess.run(["jq", *after[1:after.index("&&") if "&&" in after else None]], text=True,
                                 input=json.dumps(early[verb]), capture_output=True, check=False)
            # 1 is the answer of jq -e to `false`; 5 is a program that failed.
            assert run.returncode in (0, 1) and not run.stderr, (command, run)
assert programs >= 5, programs
if not shutil.which("jq"):
    print("SKIP: jq is not installed")
print(f"{len(RESULTS)} verbs, {programs} programs for jq")
