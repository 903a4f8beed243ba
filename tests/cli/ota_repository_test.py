"""ota_repository_test.py AIOTCTL SCHEMA-FOLDER: keys and a repository of updates, by the real program."""

import hashlib
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import time

from ota_program import error, ota, tool

softhsm = pathlib.Path("/usr/lib/softhsm/libsofthsm2.so")

with tempfile.TemporaryDirectory() as name:
    work = pathlib.Path(name)
    os.chdir(work)

    # Keys.
    made = ota("keygen", "root.pem")["data"]
    assert made["kind"] == "ed25519" and len(made["id"]) == 64, made
    assert stat.S_IMODE(os.stat("root.pem").st_mode) == 0o600
    public = subprocess.run(["openssl", "pkey", "-in", "root.pem", "-pubout"], capture_output=True, text=True).stdout
    assert public == made["public_key"], (public, made)
    assert error("keygen", "root.pem", code=2) == "key.exists"
    online = ota("keygen", "online.pem", "--type", "ecdsa-p256")["data"]
    assert error("keygen", "x.pem", "--type", "rsa", code=2)
    pathlib.Path("secret").write_text("correct horse\n")
    assert error("keygen", "locked.pem", "--secret-file", "secret", code=7) == "key.readable_by_others"
    os.chmod("secret", 0o600)
    ota("keygen", "locked.pem", "--secret-file", "secret")
    assert "ENCRYPTED" in pathlib.Path("locked.pem").read_text()

    # A repository whose root needs a passphrase.
    assert error("init", "updates", "--snapshot", "online.pem", code=2)
    assert error("init", "updates", "--root", "locked.pem", code=7) == "key.needs_passphrase"
    ota("init", "updates", "--root", "locked.pem", "--targets", "root.pem", "--snapshot", "online.pem",
        "--secret-file", "secret", "--expires", "timestamp=2d", "--threshold", "root=1")
    assert error("init", "updates", "--root", "root.pem", code=2) == "ota.not_empty"
    assert sorted(os.listdir("updates")) == ["metadata", "targets"]
    assert error("init", "other", "--root", "root.pem", "--threshold", "owner=1", code=2)
    assert error("init", "other", "--root", "root.pem", "--expires", "root=1y", code=2)

    # Firmware.
    pathlib.Path("lamp.bin").write_bytes(b"hello")
    repository = ("--repository", "updates")
    add = ("add", "lamp.bin", "--product", "lamp", "--hardware", "rev-b", "--hardware", "rev-a", *repository)
    keys = ("--key", "root.pem", "--key", "online.pem")
    assert error(*add, *keys, code=2) == "ota.no_version"
    assert error(*add, "--version", "1.0.0", "--key", "root.pem", code=7) == "ota.missing_key"
    assert error(*add, "--version", "../1", *keys, code=2) == "ota.name"
    added = ota(*add, "--version", "1.0.0", *keys)["data"]
    assert added["target"]["hardware"] == ["rev-a", "rev-b"] and not added["already"], added
    digest = hashlib.sha256(b"hello").hexdigest()
    assert pathlib.Path("updates/targets/lamp/1.0.0", digest + ".lamp.bin").read_bytes() == b"hello"
    assert added["repository"]["written"] == ["2.targets.json", "2.snapshot.json", "timestamp.json"], added
    assert ota(*add, "--version", "1.0.0", *keys)["data"]["already"]
    pathlib.Path("lamp.bin").write_bytes(b"other")
    assert error(*add, "--version", "1.0.0", *keys, code=2) == "ota.version_exists"

    # Deltas.
    image = hashlib.shake_256(b"lamp").digest(30000)
    pathlib.Path("lamp.bin").write_bytes(image)
    assert ota(*add, "--version", "1.1.0", *keys)["data"]["deltas"] == []
    pathlib.Path("lamp.bin").write_bytes(image[:500] + b"new" + image[500:])
    deltas = ota(*add, "--version", "1.2.0", "--deltas", "1", *keys)["data"]["deltas"]
    assert [each["from_version"] for each in deltas] == ["1.1.0"] and deltas[0]["size_bytes"] < 1000, deltas
    assert deltas[0]["path"].startswith("lamp/1.2.0/lamp.bin.from-"), deltas

    # Files that are not what they seem.
    def refused(content, *more, code, file="x.bin"):
        pathlib.Path(file).write_bytes(content)
        before = sorted(pathlib.Path("updates").rglob("*"))
        found = error("add", file, "--product", "x", "--hardware", "h", "--version", "1.0.0", *repository, *keys, *more,
                      code=code)
        assert sorted(pathlib.Path("updates").rglob("*")) == before, found
        return found

    program = pathlib.Path(sys.executable).resolve().read_bytes()
    assert program[:5] == b"\x7fELF\x02", "64-bit"
    assert refused(program[:-1], code=3) == "image.elf"
    assert refused(program[:100], code=3) == "image.elf"
    assert refused(b"\x7fELF", code=3) == "image.elf"
    assert refused(bytes.fromhex("3db8f396") + bytes(16), code=3) == "image.truncated"
    assert refused(b":00000001FF\n", code=3) == "ota.bad_image"
    assert refused(b"x", "--version", "9" * 5000, code=2) == "ota.name"
    document = ota("add", "x.bin", "--product", "x", "--hardware", "h", "--version", "9" * 5000, *repository, *keys, code=2)
    assert len(document["errors"][0]["message"]) < 200, document
    no_version = ota("add", "lamp.bin", "--product", "x", "--hardware", "h", *repository, *keys, code=2)["errors"][0]
    assert no_version["message"].count("lamp.bin") == 1, no_version

    def swu(hardware):
        description = ('software = { version = "1.0.0"; hardware-compatibility: [ %s ]; images: ( ); };\n'
                       % ", ".join(f'"{one}"' for one in hardware)).encode()
        out = b""
        for name, data in (("sw-description", description), ("TRAILER!!!", b"")):
            fields = [1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
            out += b"070701" + "".join(f"{field:08X}" for field in fields).encode() + name.encode() + b"\0"
            out += bytes(-len(out) % 4) + data
            out += bytes(-len(out) % 4)
        return out

    assert refused(swu(["1.0", "lamp:2.0"]), "--hardware", "1.0", code=9, file="x.swu") == "ota.mismatch"
    pathlib.Path("x.swu").write_bytes(swu(["1.0", "lamp:2.0"]))
    ota("add", "x.swu", "--product", "bundle", *(word for name in ("1.0", "lamp", "2.0", "lamp-2.0")
                                              for word in ("--hardware", name)), *repository, *keys)

    # A failed addition leaves no file, and the next change removes what a killed one has left.
    folder = pathlib.Path("updates/targets/lamp/2.0.0")
    assert error(*add, "--version", "2.0.0", "--key", "root.pem", code=7) == "ota.missing_key"
    assert not folder.exists()
    versions = [int(path.name.split(".")[0]) for path in pathlib.Path("updates/metadata").glob("*.targets.json")]
    blocked = pathlib.Path(f"updates/metadata/{max(versions) + 1}.targets.json")
    blocked.mkdir()
    assert error(*add, "--version", "2.0.0", "--deltas", "1", *keys, code=5) == "ota.unwritable"
    blocked.rmdir()
    assert not folder.exists()
    left = [pathlib.Path("updates/metadata/timestamp.json.part-4194303-0"),
            pathlib.Path("updates/targets/lamp/1.0.0/0123.lamp.bin.part-7-1")]
    kept = [pathlib.Path("updates/targets/lamp/1.0.0/notes.part-1"), pathlib.Path("updates/metadata/x.part-1-0.txt")]
    for path in (*left, *kept):
        path.write_text("half")
    ota("refresh", *repository, *keys)
    assert not any(path.exists() for path in left) and all(path.exists() for path in kept)
    for path in kept:
        path.unlink()

    # Whatever the umask: what is published is for all to read, and keys are not.
    subprocess.run(["sh", "-c", f'umask 077; "{tool}" ota init hidden --root root.pem'], check=True, capture_output=True)
    for path in pathlib.Path("hidden/metadata").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o644, path

    # Status.
    status = ota("status", *repository)["data"]
    assert [role["role"] for role in status["roles"]] == ["root", "targets", "snapshot", "timestamp"], status
    assert all(role["valid"] and not role["expired"] for role in status["roles"]), status
    assert [key["id"] for key in status["roles"][3]["keys"]] == [online["id"]], status
    assert 2 * 86400 - 120 < status["roles"][3]["remaining_s"] <= 2 * 86400, status
    text = ota("status", *repository, text=True)
    assert text.count("OK ") == 4 and "lamp/1.0.0/lamp.bin" in text, text

    # A release that was deleted, and one that was damaged: reported, and mended by adding it again.
    assert status["faults"] == [], status
    stored = pathlib.Path("updates/targets/lamp/1.0.0", digest + ".lamp.bin")
    stored.unlink()
    damaged = next(pathlib.Path("updates/targets/bundle/1.0.0").iterdir())
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1] + b"\xff")
    report = ota("status", *repository, code=9)
    assert [(one["path"], one["fault"]) for one in report["data"]["faults"]] == [
        ("bundle/1.0.0/x.swu", "damaged"), ("lamp/1.0.0/lamp.bin", "missing")], report
    assert [(one["code"], bool(one["hint"])) for one in report["errors"]] == [
        ("ota.target_damaged", True), ("ota.target_missing", True)], report
    text = ota("status", *repository, text=True, code=9)
    assert "MISSING" in text and "DAMAGED" in text, text
    damaged.write_bytes(whole)
    pathlib.Path("lamp.bin").write_bytes(b"hello")
    again = ota(*add, "--version", "1.0.0", *keys)["data"]
    assert again["already"] and again["restored"] and stored.read_bytes() == b"hello", again
    assert not ota(*add, "--version", "1.0.0", *keys)["data"]["restored"]
    assert ota("status", *repository)["data"]["faults"] == []

    # Pipes that nobody writes to.
    os.mkfifo("pipe")
    assert error("status", "--repository", "pipe", code=3, timeout=20) == "ota.repository"
    timestamp = pathlib.Path("updates/metadata/timestamp.json")
    timestamp.rename("kept.json")
    os.mkfifo(timestamp)
    assert error("status", *repository, code=3, timeout=20) == "ota.repository"
    timestamp.unlink()
    pathlib.Path("kept.json").rename(timestamp)
    assert error("status", "--repository", ".", code=3) == "ota.repository"

    # Renewal: what lacks its key is reported, and an error once it is over.
    assert ota("refresh", *repository, "--key", "online.pem")["data"]["written"] == []
    renewed = ota("refresh", *repository, "--within", "3d", "--key", "online.pem")["data"]
    assert renewed["written"] == ["timestamp.json"] and renewed["needed"] == [], renewed
    renewed = ota("refresh", *repository, "--within", "40d")["data"]
    assert [each["role"] for each in renewed["needed"]] == ["snapshot", "timestamp"], renewed
    ota("init", "brief", "--root", "root.pem", "--expires", "timestamp=1s")
    deadline = time.monotonic() + 30
    while subprocess.run([tool, "ota", "status", "--repository", "brief"], capture_output=True).returncode != 9:
        assert time.monotonic() < deadline, "it does not expire"
    assert "EXPIRED" in ota("status", "--repository", "brief", text=True, code=9)
    assert error("refresh", "--repository", "brief", code=7) == "ota.missing_key"
    ota("refresh", "--repository", "brief", "--key", "root.pem")

    # Keys of a role.
    new = ota("keygen", "new.pem")["data"]
    key = ("key", "rotate", "targets", "root.pem", "new.pem", *repository)
    assert error(*key, "--key", "online.pem", code=7) == "ota.missing_key"
    ota(*key, "--key", "online.pem", "--key", "locked.pem", "--secret-file", "secret")
    status = ota("status", *repository)["data"]["roles"]
    assert [each["id"] for each in status[1]["keys"]] == [new["id"]] and status[1]["valid"], status
    assert error("key", "revoke", "targets", new["id"][:16], *repository, "--key", "locked.pem", "--secret-file",
                 "secret", code=2) == "ota.role"
    assert error("key", "rotate", "targets", "new.pem", *repository, code=2)
    root_version = ota("refresh", *repository, "--key", "online.pem")["data"]["root_version"]
    for same in ("new.pem", new["id"][:16]):
        assert error("key", "rotate", "targets", same, "new.pem", *repository, "--key", "locked.pem", "--key", "online.pem",
                     "--secret-file", "secret", code=2) == "ota.same_key"
    assert ota("refresh", *repository, "--key", "online.pem")["data"]["root_version"] == root_version
    assert error("key", "lose", "targets", "new.pem", *repository, code=2)

    # No secret in what is printed or logged.
    log = subprocess.run([tool, "-vv", "--log-file", "log", "ota", "refresh", *repository, "--key", "locked.pem",
                          "--key", "online.pem", "--within", "3d", "--secret-file", "secret"], capture_output=True,
                         text=True)
    assert log.returncode == 0, log
    assert "correct" not in log.stdout + log.stderr + pathlib.Path("log").read_text()

    # A token.
    if not softhsm.exists():
        print("SKIP: softhsm2 is not installed: no repository is signed on a PKCS#11 token")
        sys.exit(0)
    pathlib.Path("softhsm2.conf").write_text(f"directories.tokendir = {work}\nlog.level = ERROR\n")
    # SoftHSM loses strings of the keys it makes: they are not this program's.
    environment = {"SOFTHSM2_CONF": str(work / "softhsm2.conf"), "PKCS11_MODULE_PATH": str(softhsm),
                   "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "maker", "--so-pin", "5678", "--pin", "1234"],
                   check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    pathlib.Path("pin").write_text("1234\n")
    os.chmod("pin", 0o600)
    uris = {kind: f"pkcs11:token=maker;object={kind}?pin-source=pin" for kind in ("ed25519", "ecdsa-p256")}
    for kind, uri in uris.items():
        made = ota("keygen", uri, "--type", kind, environment=environment)["data"]
        assert made["kind"] == kind, made
    assert error("keygen", "pkcs11:token=maker;object=x?pin-value=1234", code=2, environment=environment) == "pkcs11.uri"
    ota("init", "token", "--root", uris["ed25519"], "--targets", uris["ecdsa-p256"], "--snapshot", "online.pem",
        environment=environment)
    status = ota("status", "--repository", "token")["data"]
    assert all(role["valid"] for role in status["roles"]), status
    assert [role["keys"][0]["type"] for role in status["roles"]] == ["ed25519", "ecdsa", "ecdsa", "ecdsa"], status
