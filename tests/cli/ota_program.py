"""What the tests of `aiotctl ota` share: the program of the command line, its documents held against their schemas,
and virtual devices. The first two arguments of each test are AIOTCTL and SCHEMA-FOLDER."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

tool, schemas = sys.argv[1], pathlib.Path(sys.argv[2])

try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("SKIP: python3-jsonschema is not installed: the documents are not held against their schemas")


def documented(verb):
    """The exit statuses that the man page of `ota VERB` lists."""
    pages = pathlib.Path(__file__).resolve().parents[2] / "man"
    for page in sorted(pages.glob("aiotctl-ota-*.1.scd")):
        text = page.read_text()
        if f"; generated: options ota {verb}\n" in text:
            return {int(code) for code in re.findall(r"^\*(\d+)\*$", text.split("# EXIT STATUS")[1], re.M)}
    raise AssertionError(f"no page has the options of {verb}")


def ota(*arguments, code=0, text=False, environment=None, secret=None, timeout=120):
    """The document that `aiotctl --json ota ARGUMENTS` prints, or its text. `secret` is not in it."""
    command = [tool, *([] if text else ["--json"]), "ota", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(environment or {})})
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    verb = next(word for word in map(str, arguments) if not word.startswith("-"))
    assert code in documented(verb), f"the man page of ota {verb} does not list exit status {code}"
    assert secret is None or secret not in done.stdout + done.stderr, done
    if text:
        return done.stdout
    document = json.loads(done.stdout)
    if jsonschema and document["data"]:
        schema = json.loads((schemas / (document["schema"].replace("/", ".") + ".json")).read_text())
        jsonschema.Draft202012Validator(schema).validate(document)
    assert all(one["hint"] for one in document["errors"]), document
    return document


def error(*arguments, code, **more):
    document = ota(*arguments, code=code, **more)
    return document["errors"][0]["code"]


@contextlib.contextmanager
def devices(*arguments, count=1):
    """Addresses of virtual devices that take updates."""
    sim = subprocess.Popen([tool, "sim", "ota", *arguments, "--count", str(count)], stdout=subprocess.PIPE, text=True)
    try:
        yield [json.loads(sim.stdout.readline())["address"] for _ in range(count)]
    finally:
        sim.send_signal(signal.SIGTERM)
        assert sim.wait(20) == 0
