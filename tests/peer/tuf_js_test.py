"""A repository of `aiotctl ota` as npm tuf-js sees it: accepted, followed through rotations of keys, and refused with
any byte changed.

usage: tuf_js_test.py AIOTCTL TESTS
"""
import base64
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

AIOTCTL, TESTS = sys.argv[1], pathlib.Path(sys.argv[2])
HERE = pathlib.Path(__file__).parent


def skip(reason):
    print("SKIP: " + reason)
    sys.exit(0)


if not shutil.which("node"):
    skip("node is not installed")
if not (TESTS / "node_modules" / "tuf-js").is_dir():
    skip("npm tuf-js is not installed in tests/")


def ota(*arguments):
    done = subprocess.run([AIOTCTL, "--json", "ota", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return json.loads(done.stdout)["data"]


class Client:
    """One tuf-js process for all updates."""

    def __init__(self, url):
        self.url = url
        self.node = subprocess.Popen(["node", HERE / "tuf_client.mjs", TESTS.resolve()], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)

    def update(self, folder, target):
        self.node.stdin.write(json.dumps({"url": self.url, "folder": str(folder), "target": target}) + "\n")
        self.node.stdin.flush()
        return json.loads(self.node.stdout.readline())


with tempfile.TemporaryDirectory() as name:
    work = pathlib.Path(name)
    for key, kind in (("root", "ed25519"), ("root2", "ecdsa-p256"), ("targets", "ecdsa-p256"), ("online", "ed25519"),
                      ("online2", "ecdsa-p256")):
        ota("keygen", work / key, "--type", kind)
    repository = work / "repository"
    ota("init", repository, "--root", work / "root", "--targets", work / "targets", "--snapshot", work / "online")
    firmware = bytes(range(256)) * 40
    (work / "lamp.bin").write_bytes(firmware)
    added = ota("add", work / "lamp.bin", "--product", "lamp", "--version", "1.0.0", "--hardware", "rev-a",
                "--repository", repository, "--key", work / "targets", "--key", work / "online")
    target = added["target"]["path"]

    server = subprocess.Popen(["node", HERE / "tuf_server.mjs", repository], stdout=subprocess.PIPE, text=True)
    client = None
    try:
        client = Client(server.stdout.readline().strip())
        folders = 0

        def fresh():
            """What a new device has: the first root."""
            global folders
            folders += 1
            folder = work / f"device{folders}"
            folder.mkdir()
            shutil.copy(repository / "metadata" / "1.root.json", folder / "root.json")
            return folder

        device = fresh()
        answer = client.update(device, target)
        assert answer["ok"] and answer["root"] == 1, answer
        assert base64.b64decode(answer["content"]) == firmware, "another file than was added"
        assert answer["custom"] == {"product": "lamp", "version": "1.0.0", "hardware": ["rev-a"], "format": "raw"}, answer

        # Keys of the root and of the timestamp change, from Ed25519 to ECDSA: an old device and a new one follow.
        ota("key", "rotate", "root", work / "root", work / "root2", "--repository", repository, "--key", work / "root")
        ota("key", "rotate", "timestamp", work / "online", work / "online2", "--repository", repository,
            "--key", work / "root2")
        ota("refresh", "--repository", repository, "--within", "100d", "--key", work / "targets", "--key",
            work / "online", "--key", work / "online2")
        for each in (device, fresh()):
            answer = client.update(each, target)
            assert answer["ok"] and answer["root"] == 3, answer

        # Each file of a fresh update, with one byte changed. 0x20 alone would change the case of a hexadecimal
        # signature, which tuf-js reads alike. A damaged root ends the chain for tuf-js as a missing one does, so each
        # of these brings a key without which what follows is not trusted.
        metadata = repository / "metadata"
        signed = [json.loads((metadata / "timestamp.json").read_text())["signed"]["meta"]["snapshot.json"]["version"]]
        snapshot = metadata / f"{signed[0]}.snapshot.json"
        version = json.loads(snapshot.read_text())["signed"]["meta"]["targets.json"]["version"]
        files = [metadata / f"{version}.targets.json", snapshot, metadata / "timestamp.json",
                 *(metadata / f"{n}.root.json" for n in (2, 3)),
                 *(path for path in (repository / "targets").rglob("*") if path.is_file())]
        changes = 0
        for file in files:
            good = file.read_bytes()
            step = max(1, len(good) // 60)
            for at in sorted({0, len(good) - 1, *range(0, len(good), step)}):
                bad = bytearray(good)
                bad[at] ^= 0x01 if changes % 2 else 0x11
                file.write_bytes(bad)
                folder = fresh()
                answer = client.update(folder, target)
                assert not answer["ok"], (file, at)
                shutil.rmtree(folder)
                changes += 1
            file.write_bytes(good)
        assert client.update(fresh(), target)["ok"]
        print(f"{changes} changes of one byte in {len(files)} files, each refused")
    finally:
        server.kill()
        server.wait()
        if client:
            client.node.kill()
            client.node.wait()
