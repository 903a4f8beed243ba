"""Debian's SWUpdate (suricatta mode) against `aiotctl ota serve --ddi`: it installs a signed update, resumes after a
cut, refuses a tampered and an older one, reports, and installs nothing twice.

ota_swupdate_test.py AIOTCTL"""

import contextlib
import hashlib
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

tool = sys.argv[1]
for program in ("swupdate", "openssl", "cpio"):
    if not shutil.which(program):
        print(f"SKIP: {program} is not installed")
        sys.exit(77)


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not in {seconds} s: {what}")
        time.sleep(0.05)


def run(*command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def key_pair(folder, name, *extensions):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-subj", f"/CN={name}",
        *[word for extension in extensions for word in ("-addext", extension)])


def make_update(folder, name, version, payload, tamper=False):
    """A signed .swu that writes `payload` to installed.bin."""
    work = folder / f"make-{name}"
    work.mkdir()
    (work / "app.bin").write_bytes(payload)
    target = folder / "installed.bin"
    digest = hashlib.sha256(payload).hexdigest()
    (work / "sw-description").write_text(
        f'software = {{ version = "{version}"; hardware-compatibility: [ "1.0" ]; files: (\n'
        f' {{ filename = "app.bin"; path = "{target}"; type = "rawfile"; sha256 = "{digest}"; }} ); }}\n')
    run("openssl", "cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer",
        folder / "sign.pem", "-inkey", folder / "sign.key", "-outform", "DER", "-nosmimecap", "-binary", cwd=work)
    if tamper:
        changed = bytearray(payload)
        changed[1000] ^= 1
        (work / "app.bin").write_bytes(changed)
    archive = subprocess.run(["cpio", "-o", "-H", "crc"], input=b"sw-description\nsw-description.sig\napp.bin\n",
                             cwd=work, capture_output=True, check=True).stdout
    (folder / "www" / name).write_bytes(archive)


class Server:
    """`aiotctl ota serve` with one artifact for the device."""

    def __init__(self, folder, port=0):
        self.folder = folder
        self.log = folder / "access.jsonl"
        self.process = subprocess.Popen(
            [tool, "ota", "serve", folder / "www", "--listen", f"127.0.0.1:{port}", "--self-signed", "--name",
             "localhost", "--name", "127.0.0.1", "--ddi", "--tokens", folder / "tokens.yaml", "--artifacts",
             folder / "artifacts.yaml", "--poll", "1s", "--state", folder / "state", "--access-log", self.log,
             "--jsonl"], stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        assert ready["event"] == "ready", ready
        self.port = int(ready["urls"][0].rsplit(":", 1)[1].rstrip("/"))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def records(self):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]

    def accesses(self):
        return [one for one in self.records() if one["kind"] == "access"]

    def reports(self):
        return [one for one in self.records() if one["kind"] == "device"]

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0, self.process.returncode


def offer(folder, name, version):
    (folder / "artifacts.yaml").write_text(
        f"board:\n  file: {name}\n  product: board\n  version: {version}\n  hardware: '1.0'\n")


@contextlib.contextmanager
def device(folder, port, update=""):
    """SWUpdate in suricatta mode; `update` is "-c 2" after a boot that went well."""
    config = folder / "swupdate.cfg"
    config.write_text(
        f'globals : {{ verbose = true; public-key-file = "{folder}/sign.pem"; no-downgrading = "1.0.0"; '
        'bootloader = "none"; };\n'
        'identify : ( { name = "product"; value = "board"; }, { name = "hardware"; value = "1.0"; } );\n'
        f'suricatta : {{ tenant = "DEFAULT"; id = "dev1"; url = "https://localhost:{port}"; '
        f'cafile = "{folder}/state/server.pem"; targettoken = "s3cr3t"; polldelay = 1; retry = 4; '
        'retrywait = "1"; };\n')
    with open(folder / "device.log", "ab") as log:
        process = subprocess.Popen(["swupdate", "-f", config, "-H", "board:1.0", "-u", update], stdout=log,
                                   stderr=subprocess.STDOUT, cwd=folder, env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder)})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Cut:
    """A TCP relay that resets the first connection through which `after` bytes have come."""

    def __init__(self, to, after):
        self.to, self.after, self.cuts = to, after, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                one, _ = self.listener.accept()
            except OSError:
                return
            other = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self.relay, args=(one, other, False), daemon=True).start()
            threading.Thread(target=self.relay, args=(other, one, True), daemon=True).start()

    def relay(self, source, sink, counted):
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if counted and passed > self.after and not self.cuts:
                    self.cuts += 1
                    break
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "www").mkdir()
    key_pair(folder, "sign", "keyUsage=critical,digitalSignature", "extendedKeyUsage=emailProtection")
    (folder / "tokens.yaml").write_text("dev1: s3cr3t\n")
    (folder / "tokens.yaml").chmod(0o600)
    payload = bytes(range(251)) * 8000
    make_update(folder, "one.swu", "1.0.1", payload)
    make_update(folder, "bad.swu", "1.0.2", payload[::-1], tamper=True)
    make_update(folder, "old.swu", "0.9.0", payload[::-1])
    installed = folder / "installed.bin"

    def downloads(server, file):
        return [one for one in server.accesses() if file in one["target"] and one["method"] == "GET"]

    # An update, cut off in the middle: it is resumed, installed, and confirmed after the restart.
    offer(folder, "one.swu", "1.0.1")
    server = Server(folder)
    cut = Cut(server.port, 900_000)
    with device(folder, cut.port):
        wait_for("installed", lambda: installed.exists() and installed.read_bytes() == payload)
        wait_for("last report", lambda: any("All Chunks Installed." in one["details"] for one in server.reports()))
    assert cut.cuts == 1
    assert [one["status"] for one in downloads(server, "one.swu")] == [200, 206], downloads(server, "one.swu")
    assert not downloads(server, "one.swu")[0]["whole"] and downloads(server, "one.swu")[1]["whole"]
    assert any(one["method"] == "PUT" and one["target"].endswith("/configData") and one["status"] == 200
               for one in server.accesses()), "Expect: 100-continue"
    assert all(one["execution"] == "proceeding" for one in server.reports()), server.reports()
    with device(folder, server.port, "-c 2"):
        wait_for("confirmed", lambda: any(one["finished"] == "success" for one in server.reports()))

    # It is not offered again: not after a restart of the device, nor of the server.
    installed.unlink()
    server.stop()
    server = Server(folder, server.port)
    with device(folder, server.port):
        wait_for("polls", lambda: len([one for one in server.accesses() if one["target"].endswith("/dev1")]) >= 6)
    assert not installed.exists()
    assert len(downloads(server, "one.swu")) == 2, downloads(server, "one.swu")

    # A tampered and an older one: refused by the device, reported, and not tried again.
    for file, version in (("bad.swu", "1.0.2"), ("old.swu", "0.9.0")):
        offer(folder, file, version)
        server.process.send_signal(1)  # SIGHUP
        failures = len([one for one in server.reports() if one["finished"] == "failure"])
        with device(folder, server.port):
            wait_for(file, lambda: len([one for one in server.reports() if one["finished"] == "failure"]) > failures)
            polls = len(server.accesses())
            wait_for("polls", lambda: len(server.accesses()) >= polls + 4)
        assert len([one for one in server.reports() if one["finished"] == "failure"]) == failures + 1, server.reports()
        assert len(downloads(server, file)) <= 1, downloads(server, file)
        assert not installed.exists() or installed.read_bytes() != payload

    # Another token: no answer.
    (folder / "tokens.yaml").write_text("dev1: other\n")
    server.process.send_signal(1)
    with device(folder, server.port):
        wait_for("refused", lambda: any(one["status"] == 401 for one in server.accesses()))
    server.stop()
