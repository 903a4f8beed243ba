"""ota_install_test.py AIOTCTL SCHEMA-FOLDER: images signed and verified, a repository served over TLS, and a device
that installs from it, by the real program."""

import fcntl
import functools
import hashlib
import json
import http.server
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import swu
from ota_program import error, ota, tool


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def certificate(name):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
        name + ".key", "-out", name + ".pem", "-days", "2", "-subj", "/CN=" + name, "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "keyUsage=critical,digitalSignature,keyCertSign",
        "-addext", "extendedKeyUsage=emailProtection,serverAuth")


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves files with ranges over kept connections, and has faults."""

    protocol_version = "HTTP/1.1"
    log = []
    cut_at = None  # the connection is lost after so many bytes of a target
    endless = False
    ranges = True

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        begin, kind = 0, type(self)
        wanted = self.headers.get("Range", "")
        kind.log.append(self.path + (" " + wanted if wanted else ""))
        path = pathlib.Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = path.read_bytes()
        if kind.endless and "/targets/" in self.path:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            try:
                self.wfile.write(content)
                while True:
                    self.wfile.write(bytes(65536))
            except OSError:
                return
        if wanted and kind.ranges:
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        content = content[begin:]
        if kind.cut_at and "/targets/" in self.path and len(content) > kind.cut_at:
            content = content[:kind.cut_at]
            self.close_connection = True
        self.wfile.write(content)


def serve(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(name + ".pem", name + ".key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=folder))
    server.daemon_threads = True
    server.handle_error = lambda *arguments: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def image(number, size=300000):
    block = b"".join(hashlib.sha256(bytes([number, i & 255, i >> 8])).digest() for i in range(size // 32))
    return block[:size]


with tempfile.TemporaryDirectory() as name:
    work = pathlib.Path(name)
    os.chdir(work)
    for who in ("server", "stranger", "sw"):
        certificate(who)

    # An image of MCUboot, and who signed it.
    ota("keygen", "signing.pem")
    ota("keygen", "other.pem", "--type", "ecdsa-p256")
    for key in ("signing", "other"):
        run("openssl", "pkey", "-in", key + ".pem", "-pubout", "-out", key + ".pub")
    pathlib.Path("fw.bin").write_bytes(image(1, 5000))
    sign = ("sign", "fw.bin", "--version", "1.2.3+4", "--key", "signing.pem", "-o", "fw.signed.bin")
    assert error(*sign, code=3) == "image.header"  # the firmware does not begin with zeros
    signed = ota(*sign, "--pad-header", "--security-counter", "auto", "--dependency", "1:2.0.0")["data"]
    assert signed["security_counter"] == 0x01020003 and signed["version"] == "1.2.3+4", signed
    assert error(*sign, "--pad-header", "--slot-size", "5000", code=9) == "image.size"
    assert error(*sign, "--pad-header", "--dependency", "1", code=2) == "ota.request"
    assert error(*sign, "--pad-header", "--align", "33", code=2) == "ota.request"
    assert error(*sign, "--pad-header", "--align", "0", code=2) == "ota.request"
    assert error(*sign[:-1], "fw.bin", "--pad-header", code=2) == "image.overwrites_input"
    key_before = pathlib.Path("signing.pem").read_bytes()
    assert error(*sign[:-1], "signing.pem", "--pad-header", code=2) == "image.overwrites_input"
    assert pathlib.Path("signing.pem").read_bytes() == key_before
    os.chmod("signing.pem", 0o644)
    assert error(*sign, "--pad-header", code=7) == "key.readable_by_others"
    os.chmod("signing.pem", 0o600)
    shown = ota("verify", "fw.signed.bin", "--key", "other.pub", "--key", "signing.pub")["data"]
    assert shown["kind"] == "mcuboot" and shown["whole"] and shown["trusted"], shown
    assert shown["signatures"] == [
        {"algorithm": "ed25519", "signer": signed["key_hash"], "trusted_by": "signing.pub"}], shown
    assert "trusted" not in ota("verify", "fw.signed.bin")["data"]
    assert error("verify", "fw.signed.bin", "--key", "other.pub", code=7) == "ota.not_signed"
    ota(*sign[:4], "--key", "other.pem", "-o", "fw.ec.bin", "--pad-header")
    assert ota("verify", "fw.ec.bin", "--key", "other.pub")["data"]["trusted"]
    content = bytearray(pathlib.Path("fw.signed.bin").read_bytes())
    content[1000] ^= 1
    pathlib.Path("damaged.bin").write_bytes(content)
    assert error("verify", "damaged.bin", "--key", "signing.pub", code=9) == "ota.not_whole"
    assert error("verify", "none.bin", code=3) == "image.unreadable"
    program = pathlib.Path(sys.executable).resolve().read_bytes()
    for name, content, status in (("program", program, 0), ("cut", program[:-1], 9), ("hex", b":00000001FF\n", 9),
                                  ("head", bytes.fromhex("3db8f396") + bytes(16), 9)):
        pathlib.Path(name).write_bytes(content)
        ota("verify", name, code=status)
    os.mkfifo("pipe")
    assert error("verify", "pipe", code=3, timeout=20) == "image.unreadable"
    plain = ota("verify", "http://localhost/fw.bin", code=2)["errors"][0]
    assert plain["code"] == "ota.url" and "plain HTTP" in plain["hint"], plain
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"https://localhost:{closed.getsockname()[1]}/fw.bin"
    refused = ota("verify", nobody, code=5)["errors"][0]
    assert refused["code"] == "link.refused" and refused["message"].count("localhost:") == 1, refused
    raw = ota("verify", "fw.bin")["data"]
    assert raw["kind"] == "raw" and raw["sha256"] == hashlib.sha256(image(1, 5000)).hexdigest(), raw

    # An archive of SWUpdate.
    digest = hashlib.sha256(image(1, 5000)).hexdigest()
    pathlib.Path("sw-description").write_text(
        'software = { version = "2.0.1"; hardware-compatibility: [ "1.0" ]; files: ( { filename = "fw.bin"; '
        f'path = "/x"; type = "rawfile"; sha256 = "{digest}"; }} ); }};\n')
    run("openssl", "cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer", "sw.pem",
        "-inkey", "sw.key", "-outform", "DER", "-nosmimecap", "-binary")

    pathlib.Path("a.swu").write_bytes(swu.cpio(["sw-description", "sw-description.sig", "fw.bin"]))
    shown = ota("verify", "a.swu", "--certificate", "sw.pem")["data"]
    assert shown["kind"] == "swu" and shown["version"] == "2.0.1" and shown["trusted"], shown
    assert shown["hardware"] == ["1.0"] and shown["signatures"][0]["signer"] == "CN=sw", shown
    assert error("verify", "a.swu", "--certificate", "stranger.pem", code=7) == "ota.not_signed"
    pathlib.Path("b.swu").write_bytes(pathlib.Path("a.swu").read_bytes().replace(b"2.0.1", b"2.0.2"))
    assert error("verify", "b.swu", "--certificate", "sw.pem", code=9) == "ota.not_whole"
    pathlib.Path("cut.swu").write_bytes(pathlib.Path("a.swu").read_bytes()[:100])
    pathlib.Path("nothing").write_bytes(b"")
    for cut in ("cut.swu", "nothing"):
        assert error("verify", cut, code=9) == "ota.not_whole"

    # Secrets are not shown, and none that is empty is taken.
    hidden = ota("verify", "https://user:geheim@localhost/x.bin", code=2, secret="geheim")["errors"][0]
    assert hidden["code"] == "ota.url", hidden
    key_text = pathlib.Path("sw.key").read_text()
    ota("sign", "fw.bin", "--format", "mcuboot", "--version", "1.0.0", "--key", key_text, "-o", "o.bin", code=3, secret=key_text[40:60])
    pathlib.Path("blank").write_text("\n")
    os.chmod("blank", 0o600)
    assert error("keygen", "blank.pem", "--secret-file", "blank", code=2) == "ota.request"
    assert not pathlib.Path("blank.pem").exists()

    # What changes something and cannot say what beforehand refuses --dry-run.
    for words in (("keygen", "dry.pem"), ("init", "dry", "--root", "signing.pem"), ("refresh",), ("serve", "."),
                  ("sign", "fw.bin"), ("slot", "--state", "dry"), ("confirm", "--state", "dry"),
                  ("smp", "udp://127.0.0.1:9", "erase")):
        assert error("-n", *words, code=2) == "usage.conflict", words
    assert not pathlib.Path("dry.pem").exists() and not pathlib.Path("dry").exists()

    # A repository, its server, and a device.
    ota("init", "updates", "--root", "signing.pem")
    slots = [pathlib.Path("slot-a"), pathlib.Path("slot-b")]

    def add(version, number, code=0):
        pathlib.Path("lamp.bin").write_bytes(image(number))
        return ota("add", "lamp.bin", "--product", "lamp", "--hardware", "rev-b", "--version", version, "--repository",
                   "updates", "--key", "signing.pem", code=code)

    add("1.0.0", 1)
    slots[0].write_bytes(image(1))
    port = serve("updates", "server")
    url = f"https://localhost:{port}"
    fingerprint = run("openssl", "x509", "-in", "server.pem", "-noout", "-fingerprint", "-sha256").split("=")[1].strip()
    pinned = "updates/metadata/1.root.json"

    def install(*more, state="state", **options):
        arguments = ("install", url, "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state", state,
                     "--slot", "slot-a", "--slot", "slot-b", "--ca", "server.pem", *more)
        return error(*arguments, **options) if options.get("code") else ota(*arguments, **options)["data"]

    # A name that is mistyped becomes no folder.
    assert error("confirm", "--state", "typo", code=2) == "ota.no_state"
    first = ota("slot", "--state", "typo")["data"]
    assert first["slot"] == "a" and first["no_state"] and not pathlib.Path("typo").exists(), first
    pathlib.Path("file").write_text("")
    for verb in ("slot", "confirm"):
        assert error(verb, "--state", "file", code=5) == "ota.disk"
        assert error(verb, "--state", "x" * 300, code=5) == "ota.disk"
    os.mkfifo("fifo-root")
    assert install("--ca", "fifo-root", code=3, timeout=20) == "tls.certificate"
    assert error("install", url, "--root", "fifo-root", "--product", "lamp", "--hardware", "rev-b", "--state", "fifo",
                 "--slot", "slot-a", "--slot", "slot-b", "--ca", "server.pem", code=5, timeout=20) == "ota.disk"

    # Two names of one file, and a slot that would overwrite what is trusted.
    pathlib.Path("link").symlink_to("slot-a")
    for pair in (("slot-a", "link"), ("slot-a", "./gone/../slot-a"), ("slot-a", ""), ("slot-a", pinned)):
        named = [word for slot in pair for word in ("--slot", slot)]
        assert error("install", url, "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state", "pair",
                     *named, "--ca", "server.pem", code=2) == "ota.request", pair
    assert slots[0].read_bytes() == image(1)

    def slot():
        return ota("slot", "--state", "state", text=True).strip()

    pathlib.Path("empty.bin").write_bytes(b"")
    assert error("add", "empty.bin", "--product", "lamp", "--hardware", "rev-b", "--version", "9.0", "--repository",
                 "updates", "--key", "signing.pem", code=9) == "ota.mismatch"
    assert install()["state"] == "current"
    assert slot() == "a"
    add("1.1.0", 2)
    assert ota("-n", "install", url, "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state", "state",
               "--slot", "slot-a", "--slot", "slot-b", "--fingerprint", fingerprint)["data"]["state"] == "available"
    assert not slots[1].exists()

    # Another installation, of another state, writes to the slot.
    with open(slots[1], "wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert install(code=5) == "ota.in_use"
    assert slots[1].read_bytes() == b""

    # A server that loses each connection after 100,000 bytes, and one without ranges.
    Server.cut_at = 100000
    done = install()
    assert done["state"] == "installed" and done["slot"] == "b" and done["version_before"] == "1.0.0", done
    assert slots[1].read_bytes() == image(2)
    assert [line for line in Server.log if "bytes=" in line], Server.log
    Server.cut_at = None
    assert error("confirm", "--state", "state", code=2) == "ota.no_trial"
    # From another folder, and with the slot out of reach for a while.
    assert subprocess.run([tool, "ota", "slot", "--state", str(work / "state")], cwd="/", check=True,
                          capture_output=True, text=True).stdout.strip() == "b"
    slots[1].rename("away")
    away = ota("slot", "--state", "state")["data"]
    assert away["slot"] == "a" and away["unreadable"] and not away["rolled_back"], away
    pathlib.Path("away").rename(slots[1])
    assert error("install", url, "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state", "state",
                 "--slot", "slot-a", "--slot", "slot-c", "--ca", "server.pem", code=2) == "ota.request"
    assert slot() == "b" and install()["state"] == "on-trial"
    assert ota("confirm", "--state", "state")["data"] == {"slot": "b", "version": "1.1.0", "changed": True}
    assert not ota("confirm", "--state", "state")["data"]["changed"]
    assert slot() == "b" and install()["state"] == "current"

    # The record of the slots is damaged: its copy counts, and without that nothing is guessed.
    record, copy = pathlib.Path("state/state.json"), pathlib.Path("state/state.copy.json")
    assert record.read_bytes() == copy.read_bytes()
    record.write_bytes(bytes(10))
    restored = ota("slot", "--state", "state")["data"]
    assert restored["slot"] == "b" and restored["restored"] and record.read_bytes() == copy.read_bytes(), restored
    assert not ota("slot", "--state", "state")["data"]["restored"]
    for path in (record, copy):
        path.rename(str(path) + ".kept")
        path.write_bytes(b"{}")
    assert error("slot", "--state", "state", code=3) == "ota.slot_state"
    for path in (record, copy):
        pathlib.Path(str(path) + ".kept").rename(path)

    # A trial that is never confirmed.
    add("1.2.0", 3)
    assert install()["slot"] == "a" and slots[0].read_bytes() == image(3)
    # A boot that cannot be counted is none of the trial: what runs for good boots.
    limited = f"ulimit -f 0; trap '' XFSZ; exec '{tool}' --json ota slot --state state"
    full = json.loads(subprocess.run(["sh", "-c", limited], capture_output=True, text=True).stdout)["data"]
    assert full["slot"] == "b" and full["unreadable"] and not full["trial"], full
    assert [slot() for _ in range(4)] == ["a", "a", "a", "b"]
    assert install(code=9) == "ota.rolled_back"
    assert install("--again")["state"] == "installed"
    assert ota("confirm", "--state", "state", "--roll-back")["data"]["slot"] == "b"

    # What is refused, each with a code of its own; slot b stays.
    assert install("--product", "kettle", code=4) == "ota.wrong_product"
    assert install("--hardware", "rev-z", code=4) == "ota.wrong_hardware"
    assert install("--ca", "stranger.pem", code=7) == "tls.untrusted"
    assert install("--fingerprint", "00" * 32, code=7) == "tls.untrusted"
    assert install("--fingerprint", "00", code=2) == "ota.url"
    assert error("install", "http://localhost/", "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state",
                 "state", "--slot", "slot-a", "--slot", "slot-b", code=2) == "ota.url"
    assert error("install", url, "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state", "state",
                 code=2) == "ota.request"
    old = {path: path.read_bytes() for path in pathlib.Path("updates/metadata").iterdir()}
    add("1.3.0", 4)
    new = {path: path.read_bytes() for path in pathlib.Path("updates/metadata").iterdir()}
    target = next(path for path in pathlib.Path("updates/targets").rglob("*.bin") if "1.3.0" in str(path))
    target.write_bytes(image(5))
    assert install(code=7) == "tuf.hash"
    target.write_bytes(image(4))
    Server.endless = True
    assert install(code=7) == "tuf.endless_data"
    Server.endless = False
    for path, content in old.items():
        path.write_bytes(content)  # the server goes back to what it had
    assert install(code=7) == "tuf.rollback"
    for path, content in new.items():
        path.write_bytes(content)
    timestamp = pathlib.Path("updates/metadata/timestamp.json")
    timestamp.write_bytes(new[timestamp].replace(b'"version":', b'"version":1', 1))
    assert install(code=7) in ("tuf.signature", "tuf.hash")
    timestamp.write_bytes(new[timestamp])
    assert slots[1].read_bytes() == image(2) and slot() == "b"
    Server.ranges = False
    assert install()["version"] == "1.3.0"
    assert slots[0].read_bytes() == image(4) and slot() == "a"

    # A server that takes the connection and stays silent ends no later than the time allowed.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        quiet = f"https://localhost:{silent.getsockname()[1]}"
        for command in (("install", quiet, "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state",
                         "silent", "--slot", "slot-a", "--slot", "slot-b"), ("verify", quiet + "/x.bin")):
            begun = time.monotonic()
            assert error(*command, "--ca", "server.pem", "--timeout", "1s", code=6) == "ota.timeout"
            assert time.monotonic() - begun < 20

    # A program that has the slots.
    pathlib.Path("installer").write_text('#!/bin/sh\necho "noise"\ncp "$2" installed.bin\n')
    os.chmod("installer", 0o755)
    hand = ("install", url + "/", "--root", pinned, "--product", "lamp", "--hardware", "rev-b", "--state", "handed",
            "--ca", "server.pem", "--hand-off")
    assert error(*hand, "./no-such-program install", code=8) == "ota.hand_off"
    assert ota(*hand, "./installer install")["data"]["state"] == "installed"
    assert pathlib.Path("installed.bin").read_bytes() == image(4)
    assert ota("confirm", "--state", "handed")["data"]["version"] == "1.3.0"
    assert ota(*hand, "./installer install")["data"]["state"] == "current"

    # A file at a URL, and metadata.
    root = ota("verify", url + "/metadata/1.root.json", "--ca", "server.pem", "--key", "signing.pub")["data"]
    assert root["kind"] == "tuf-metadata" and root["name"] == "root" and root["trusted"] and root["whole"], root
    assert error("verify", url + "/metadata/99.root.json", "--ca", "server.pem", code=8) == "ota.http"
