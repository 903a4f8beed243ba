"""pair_keys_test.py AIOTCTL: where the keys of several devices go: one file, a folder, a column of a list."""

import contextlib
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

tool = sys.argv[1]


@contextlib.contextmanager
def devices(kind, *arguments, count=2):
    sim = subprocess.Popen([tool, "sim", "provision", "--kind", kind, "--count", str(count), *arguments],
                           stdout=subprocess.PIPE, text=True)
    try:
        yield [json.loads(sim.stdout.readline()) for _ in range(count)]
    finally:
        sim.terminate()
        assert sim.wait(20) == 0


def pair(rows, *arguments, code=0):
    done = subprocess.run([tool, "pair", "--json", "-vv", "--devices", "-", "--wifi-file", "wifi.yaml", *arguments],
                          input=rows, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout), done.stdout + done.stderr


def lines(ready):
    return "".join(json.dumps(one | {"index": i + 1, "count": len(ready)}) + "\n" for i, one in enumerate(ready))


def content(path):
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path
    return path.read_text()


with tempfile.TemporaryDirectory() as name:
    os.chdir(name)
    here = pathlib.Path()
    (here / "wifi.yaml").touch(0o600)
    (here / "wifi.yaml").write_text("ssid: home\npassword: correct-battery\n")

    with devices("miio", "--port", "0") as ready:
        _, said = pair(lines(ready), "--token-file", "tokens")
    known = dict(line.split(": ") for line in content(here / "tokens").splitlines())
    assert len(known) == 2, known
    assert not any(token in said for token in known.values())

    with devices("miio", "--port", "0") as ready:
        _, said = pair(lines(ready), "--token-file", "keys/")
    assert sorted(os.listdir("keys")) == sorted(known), os.listdir("keys")
    for device, token in known.items():
        assert content(here / "keys" / device) == f"token: {token}\n"
        assert token not in said

    # A device that hides its token is paired with what the folder has; each row of a list names its own file.
    own = here / "keys" / sorted(known)[0]
    with devices("miio", "--port", "0", "--secret-file", str(own), "--fault", "wrong-state", count=1) as ready:
        pair(lines(ready), code=2)
        rows = f"address,token_file\n{ready[0]['address']},again.txt\n"
        pair(rows, "--secret-file", str(own), "--token-file", "unused")
    assert content(here / "again.txt").split()[1] in known.values() and not os.path.exists("unused")

    with devices("homekit") as ready:
        document, _ = pair(lines(ready), "--token-file", "one.json", code=2)
        assert document["errors"][0]["code"] == "pair.shared_token_file", document
        document, said = pair(lines(ready), "--token-file", "homekit/")
        assert len(os.listdir("homekit")) == 2, os.listdir("homekit")
        for file in (here / "homekit").iterdir():
            secret = json.loads(content(file))["iOSDeviceLTSK"]
            assert secret not in said
