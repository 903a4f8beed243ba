"""ota_repository_kill_test.py AIOTCTL [COUNT]: changes of a repository that SIGKILL cuts off leave one that clients can
update from, or that a refresh finishes."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

tool, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40
chance = random.Random(12)


def ota(*arguments):
    done = subprocess.run([tool, "--json", "ota", *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout)


def version(name):
    return json.loads(pathlib.Path("updates/metadata", name).read_text())["signed"]["version"]


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    for key in ("root", "a", "b"):
        assert ota("keygen", key)[0] == 0
    assert ota("init", "updates", "--root", "root", "--snapshot", "a")[0] == 0
    repository = ("--repository", "updates", "--key", "root", "--key", "a", "--key", "b")

    def firmware(number):
        pathlib.Path("lamp.bin").write_bytes(b"%d" % number * 50000)
        return ("add", "lamp.bin", "--product", "lamp", "--version", f"1.{number}", "--hardware", "h", *repository)

    began = time.monotonic()
    assert ota(*firmware(0))[0] == 0
    usual_s = time.monotonic() - began
    killed, before, keys = 0, version("timestamp.json"), ["a", "b"]
    for number in range(1, count + 1):
        if number % 3 == 0:
            change = ("key", "rotate", "timestamp", *keys, *repository)
        else:
            change = firmware(number)
        process = subprocess.Popen([tool, "ota", *change], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0, usual_s))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
        code, renewed = ota("refresh", *repository)
        assert code == 0, (number, renewed)
        code, status = ota("status", "--repository", "updates")
        assert code == 0, (number, status)
        for target in status["data"]["targets"]:
            folder, name = pathlib.Path("updates/targets", target["path"]).parent, pathlib.Path(target["path"]).name
            data = folder.joinpath(target["sha256"] + "." + name).read_bytes()
            assert hashlib.sha256(data).hexdigest() == target["sha256"], (number, target)
        assert version("timestamp.json") >= before, number
        before = version("timestamp.json")
        if ota("key", "revoke", "timestamp", keys[0], *repository)[1]["errors"][0]["code"] == "ota.unknown_key":
            keys.reverse()
    assert killed >= count // 4, killed
    assert ota(*firmware(count + 1))[0] == 0
    left = [path for path in pathlib.Path("updates").rglob("*.part-*")]
    assert not left, left
