"""ota_ddi_test.py AIOTCTL SCHEMA-FOLDER: `sim ota --kind ddi` polls `ota serve --ddi`, both real programs: an update that
is resumed after a cut, a damaged one, one that boots the old version, one that is canceled, one that is not reported."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading

tool, schemas = sys.argv[1], pathlib.Path(sys.argv[2])
try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("SKIP: python3-jsonschema is not installed: the documents are not held against their schemas")


def check(record):
    """The result of one virtual device."""
    if jsonschema:
        schema = json.loads((schemas / "aiot.sim.1.json").read_text())["properties"]["data"]
        jsonschema.Draft202012Validator(schema["properties"]["devices"]["items"]).validate(record["data"])


class Server:
    """`ota serve --ddi` on one artifact for lamps of hardware a."""

    def __init__(self, folder):
        self.folder = folder
        self.offer("1.1.0")
        self.process = subprocess.Popen(
            [tool, "ota", "serve", folder / "www", "--listen", "127.0.0.1:0", "--self-signed", "--state", folder / "state",
             "--ddi", "--poll", "1s", "--tokens", folder / "tokens.yaml", "--artifacts", folder / "artifacts.yaml",
             "--jsonl"], stdout=subprocess.PIPE, text=True)
        stack.callback(self.process.kill)
        self.ready = json.loads(self.process.stdout.readline())
        assert self.ready["event"] == "ready", self.ready
        self.url = self.ready["urls"][0]

    def offer(self, version):
        """Each version has bytes of its own."""
        (self.folder / "www" / f"lamp-{version}.swu").write_bytes(os.urandom(1_000_000))
        (self.folder / "artifacts.yaml").write_text(
            f"lamp:\n  file: lamp-{version}.swu\n  product: lamp\n  version: {version}\n  hardware: a\n")

    def renew(self, version):
        self.offer(version)
        self.process.send_signal(signal.SIGHUP)
        self.until(lambda one: one.get("text") == "reloaded")

    def until(self, condition):
        """What the server has said up to and with the first record that `condition` accepts."""
        records = []
        for line in self.process.stdout:
            records.append(json.loads(line))
            if condition(records[-1]):
                return records
        raise AssertionError(records)

    def stop(self):
        self.process.terminate()
        rest = [json.loads(line) for line in self.process.stdout]
        assert self.process.wait(20) == 0
        return rest


class Device(contextlib.AbstractContextManager):
    """`sim ota --kind ddi`; `running` is what it said at its end."""

    def __init__(self, server, *options, trust=None, token="token", count=1):
        trust = trust or ("--fingerprint", server.ready["certificate_sha256"])
        self.process = subprocess.Popen(
            [tool, "sim", "ota", "--kind", "ddi", "--server", server.url, *trust, "--token-file", server.folder / token,
             "--attribute", "product=lamp", "--attribute", "hardware=a", "--count", str(count), "--jsonl", *options],
            stdout=subprocess.PIPE, text=True)
        stack.callback(self.process.kill)
        self.running = self.records = None

    def notice(self):
        for line in self.process.stdout:
            if (one := json.loads(line))["event"] == "notice":
                return one
        raise AssertionError("no notice")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.records = [json.loads(line) for line in self.process.stdout]
        assert self.process.wait(20) == 0, self.records
        ends = [one for one in self.records if one["event"] == "finished"]
        for one in ends:
            check(one)
        self.running = [one["data"]["running"] for one in ends]


def is_report(execution, finished="none"):
    return lambda one: (one["event"] == "device" and one["data"]["execution"] == execution
                        and one["data"]["finished"] == finished)


def is_access(method, end, status=200):
    return lambda one: (one["event"] == "access" and one["data"]["method"] == method
                        and one["data"]["target"].endswith(end) and one["data"]["status"] == status)


def downloads(records):
    return [(one["data"]["status"], one["data"]["bytes"]) for one in records
            if one["event"] == "access" and "/artifacts/" in one["data"]["target"]]


def usage(*options, code=2):
    done = subprocess.run([tool, "sim", "ota", "--jsonl", *options], capture_output=True, text=True, timeout=30)
    assert done.returncode == code, done
    return next(one["code"] for one in map(json.loads, done.stdout.splitlines()) if one["event"] == "failed")


stack = contextlib.ExitStack()
with stack, tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "www").mkdir()
    for file, text in (("tokens.yaml", "sim-1: s3cr3t\nsim-2: s3cr3t\n"), ("token", "s3cr3t\n"), ("wrong", "other\n")):
        (folder / file).write_text(text)
        (folder / file).chmod(0o600)
    alarm = threading.Timer(120, stack.close)  # all that is read ends then
    alarm.daemon = True
    alarm.start()
    server = Server(folder)

    # Cut off at a byte, and resumed there; success is reported, and then the version.
    with Device(server, "--fault", "drop@300000") as device:
        seen = server.until(is_report("closed", "success"))
        report = seen[-1]["data"]
        assert (report["device"], report["version"]) == ("sim-1", "1.1.0"), report
        assert any(map(is_report("proceeding"), seen)) and any(map(is_access("PUT", "/configData"), seen)), seen
        first, second = downloads(seen)
        assert first[0] == 200 and second == (206, 700_000), (first, second)
        server.until(is_access("PUT", "/configData"))
        # It is not installed again.
        again = server.until(is_access("GET", "/sim-1")) + server.until(is_access("GET", "/sim-1"))
        assert not downloads(again), again
    assert device.running == ["1.1.0"], device.records
    journal = [json.loads(line) for line in (folder / "state" / "ddi.journal").read_text().splitlines()]
    assert journal[-1]["attributes"] == {"product": "lamp", "hardware": "a", "version": "1.1.0"}, journal
    assert any(one.get("state") == "succeeded" and one["version"] == "1.1.0" for one in journal), journal

    # A byte that arrives as another: refused by its hash, and reported. Trust by the authority.
    server.renew("1.2.0")
    with Device(server, "--fault", "corrupt@999999", trust=("--ca", str(folder / "state" / "server.pem"))) as device:
        report = server.until(is_report("closed", "failure"))[-1]["data"]
        assert report["version"] == "1.2.0" and "lamp-1.2.0.swu" in report["details"][0], report
        assert "hash" in report["details"][0], report
    assert device.running == ["1.0.0"], device.records

    # Installed, and the old version boots.
    server.renew("1.3.0")
    with Device(server, "--fault", "wrong-version", "--attribute", "version=1.2.5") as device:
        report = server.until(is_report("closed", "failure"))[-1]["data"]
        assert report["details"] == ["Boots 1.2.5 instead of 1.3.0."], report
    assert device.running == ["1.2.5"], device.records

    # One that does not install: another is wanted, so the server cancels it first.
    server.renew("1.4.0")
    with Device(server, "--fault", "never-installs") as device:
        server.until(lambda one: is_report("proceeding")(one) and one["data"]["details"] == ["Downloaded."])
        server.renew("1.5.0")
        seen = server.until(lambda one: is_report("proceeding")(one) and one["data"]["details"] == ["Downloaded."])
        assert [one["data"]["version"] for one in filter(is_report("closed", "success"), seen)] == ["1.4.0"], seen
        assert any(one["event"] == "access" and "/cancelAction/" in one["data"]["target"]
                   and one["data"]["target"].endswith("/feedback") for one in seen), seen
        assert seen[-1]["data"]["version"] == "1.5.0", seen
    assert device.running == ["1.0.0"], device.records

    # Installed, and not reported. Two devices.
    server.renew("1.6.0")
    with Device(server, "--fault", "no-feedback", count=2) as device:
        seen = server.until(is_access("GET", "/artifacts/lamp-1.6.0.swu"))
        seen += server.until(is_access("GET", "/artifacts/lamp-1.6.0.swu"))
        for one in ("/sim-1", "/sim-2"):
            seen += server.until(is_access("GET", one))
        late = [one for one in seen if one["event"] == "device" and one["data"]["version"] == "1.6.0"]
        assert not late, late
    assert device.running == ["1.6.0", "1.6.0"], device.records

    # Not known to the server; and a server that is not the one.
    with Device(server, token="wrong") as device:
        server.until(is_access("GET", "/sim-1", 401))
        notice = device.notice()
        assert notice["code"] == "sim.no_answer" and "HTTP status 401" in notice["message"], notice
    with Device(server, trust=("--fingerprint", "00" * 32)) as device:
        assert device.notice()["code"] == "sim.no_answer"

    https = ("--server", "https://localhost:1")
    assert usage("--kind", "ddi") == "sim.bad-server"
    assert usage("--kind", "ddi", "--server", "http://localhost:1") == "sim.bad-server"
    assert usage("--kind", "ddi", "--server", "https://localhost:1/a/b") == "sim.bad-server"
    assert usage("--kind", "ddi", *https, "--fingerprint", "12") == "sim.bad-server"
    assert usage("--kind", "ddi", *https, "--attribute", "lamp") == "sim.bad-attribute"
    assert usage("--kind", "ddi", *https, "--port", "udp:0") == "sim.not-for-device"
    assert usage("--kind", "smp", *https) == "sim.not-for-device"
    assert usage("--kind", "ddi", *https, "--fault", "power-cut@5") == "sim.bad-fault"
    end = next(one for one in server.stop() if one["event"] == "finished")["data"]
    assert (end["updated"], end["failed"]) == (1, 2), end
