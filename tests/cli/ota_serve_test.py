"""`aiotctl ota serve` as curl, openssl and raw sockets see it.

ota_serve_test.py AIOTCTL SCHEMA_FOLDER"""

import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

tool, schemas = sys.argv[1], pathlib.Path(sys.argv[2])
try:
    import jsonschema
except ImportError:
    jsonschema = None
for program in ("curl", "openssl"):
    if not shutil.which(program):
        print(f"SKIP: {program} is not installed")
        sys.exit(77)


def check(schema, record):
    if jsonschema:
        rules = json.loads((schemas / f"{schema}.json").read_text())
        jsonschema.Draft202012Validator(rules["properties"].get("data", rules)).validate(record)


class Server:
    def __init__(self, folder, *options, listen=("--listen", "127.0.0.1:0"), identity=("--self-signed",), **more):
        command = [tool, "ota", "serve", str(folder / "www"), *listen, *identity, "--state", str(folder / "state"),
                   "--jsonl", *options]
        self.ca = str(folder / "state" / "server.pem")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        self.before = []  # what it says before it listens
        while (line := json.loads(self.process.stdout.readline()))["event"] == "notice":
            self.before.append(line)
        self.ready = line
        assert self.ready["event"] == "ready", self.ready
        self.url = self.ready["urls"][0]
        self.port = int(self.url.rsplit(":", 1)[1].rstrip("/"))

    def curl(self, path, *options, code=0):
        done = subprocess.run(["curl", "-sS", "--path-as-is", "--cacert", self.ca, *options, self.url + path],
                              capture_output=True, timeout=60)
        assert done.returncode == code, (done, options)
        return done.stdout

    def head(self, path, *options):
        """Status and headers of a GET, whose body is dropped."""
        text = self.curl(path, "-o", "/dev/null", "-D", "-", *options).decode()
        lines = text.strip().split("\r\n")
        return int(lines[0].split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}

    def connect(self, version=None, **more):
        context = ssl.create_default_context(cafile=self.ca)
        if version:
            context.minimum_version = context.maximum_version = version
        for name, value in more.items():
            getattr(context, name)(*value)
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 20), server_hostname="localhost")

    def raw(self, request):
        """All that comes back on one connection."""
        with self.connect() as one:
            one.sendall(request)
            out = b""
            with contextlib.suppress(OSError):
                while data := one.recv(65536):
                    out += data
            return out

    def s_client(self, *options, given="Q\n"):
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-CAfile", self.ca,
                               *options], input=given, capture_output=True, text=True, timeout=30)

    def stop(self):
        self.process.terminate()
        rest = self.process.stdout.read().splitlines()
        assert self.process.wait(20) == 0, (self.process.returncode, self.process.stderr.read())
        return [json.loads(line) for line in rest]


def files(folder, server):
    content = (folder / "www" / "big.bin").read_bytes()
    assert server.curl("big.bin") == content
    status, headers = server.head("big.bin")
    assert (status, headers["content-length"], headers["accept-ranges"]) == (200, str(len(content)), "bytes")
    tag = headers["etag"]
    assert int(re.match(rb"HTTP/1.1 (\d+)", server.curl("big.bin", "-I"))[1]) == 200
    assert b"Content-Length: %d\r\n" % len(content) in server.curl("big.bin", "-I")
    # Ranges: first, last, to the end, from the end, beyond.
    for ask, first, last in (("0-0", 0, 0), ("5-9", 5, 9), (f"{len(content) - 1}-", len(content) - 1, len(content) - 1),
                             ("-10", len(content) - 10, len(content) - 1), ("7-99999999999", 7, len(content) - 1)):
        assert server.curl("big.bin", "-r", ask) == content[first:last + 1], ask
        status, headers = server.head("big.bin", "-r", ask)
        assert (status, headers["content-range"]) == (206, f"bytes {first}-{last}/{len(content)}"), headers
    status, headers = server.head("big.bin", "-r", f"{len(content)}-")
    assert (status, headers["content-range"], headers["content-length"]) == (416, f"bytes */{len(content)}", "0")
    for several in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-5", "bytes=-", "bytes=a-"):
        assert server.head("big.bin", "-H", f"Range: {several}")[0] == 200, several
    assert server.head("big.bin", "-r", "5-9", "-H", f"If-Range: {tag}")[0] == 206
    assert server.head("big.bin", "-r", "5-9", "-H", 'If-Range: "another"')[0] == 200
    for known in (tag, f'"x", W/{tag}', "*"):
        assert server.head("big.bin", "-H", f"If-None-Match: {known}")[0] == 304, known
    assert server.head("big.bin", "-H", 'If-None-Match: "x"')[0] == 200
    # curl goes on where a download ended.
    part = folder / "part.bin"
    part.write_bytes(content[:300_000])
    server.curl("big.bin", "-C", "-", "-o", str(part))
    assert part.read_bytes() == content
    assert b"immutable" in server.curl("2.root.json", "-I") and b"no-cache" in server.curl("timestamp.json", "-I")

    for path in ("nothing", "../state/server.key", "%2e%2e/state/server.key", "sub/../../state/server.key", ".hidden",
                 "sub", "sub/", "", "link", "sub/link", "secret.key", "big.bin/", "%00", "%zz", "pipe", "a\\b"):
        assert server.head(path)[0] == 404, path
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers = server.head("big.bin", "-X", method)
        assert (status, headers["allow"]) == (405, "GET, HEAD"), method


def messages(server):
    two = b"GET /2.root.json HTTP/1.1\r\nHost: h\r\n\r\n" * 2
    last = b"GET /2.root.json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    answer = server.raw(two + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3 and answer.count(b"{}") == 3, answer
    assert answer.count(b"Connection: close") == 1
    for request, status in ((b"GARBAGE\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nA: " + b"a" * 9000 + b"\r\n\r\n", 431),
                            (b"PUT / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n", 413),
                            (b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
                            (b"GET /2.root.json HTTP/1.1\r\n\r\n", 400),
                            (b"GET /2.root.json HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
                            (b"GET /2.root.json HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400),
                            (b"GET /2.root.json HTTP/1.0\r\n\r\n", 200)):
        assert server.raw(request).startswith(b"HTTP/1.1 %d " % status), (request[:40], server.raw(request)[:60])
    with server.connect() as one:
        one.sendall(b"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert one.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(b"ab")
        assert one.recv(1000).startswith(b"HTTP/1.1 405 ")


def tls(folder, server):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        with server.connect(version) as one:
            assert one.version() == name
    old = server.s_client("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "Cipher is (NONE)" in old.stdout, old.stdout
    for flag in ("-tls1_2", "-tls1_3"):
        session = str(folder / "session.pem")
        get = "GET /2.root.json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        first = server.s_client(flag, "-ign_eof", "-sess_out", session, given=get)
        assert "New, TLSv1" in first.stdout and "200 OK" in first.stdout, first
        second = server.s_client(flag, "-ign_eof", "-sess_in", session, given=get)
        assert "Reused, TLSv1" in second.stdout and "200 OK" in second.stdout, second
    assert "ALPN protocol: http/1.1" in server.s_client("-alpn", "h2,http/1.1").stdout
    assert "no application protocol" in server.s_client("-alpn", "h2").stderr
    renegotiated = server.s_client("-tls1_2", given="R\nQ\n")
    assert "no renegotiation" in renegotiated.stderr, renegotiated.stderr
    # What is printed is what others compute.
    shown = subprocess.run(["openssl", "x509", "-in", server.ca, "-noout", "-fingerprint", "-sha256"],
                           capture_output=True, text=True, check=True).stdout
    assert shown.split("=")[1].strip().replace(":", "").lower() == server.ready["certificate_sha256"]
    server.curl("2.root.json", "-k", "--pinnedpubkey", server.ready["key_pin"])
    server.curl("2.root.json", "-k", "--pinnedpubkey", "sha256//" + "A" * 43 + "=", code=90)
    assert oct((folder / "state" / "server.key").stat().st_mode)[-3:] == "600"


def new_certificate(folder, name, *extensions):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)


def reload(folder):
    """Another certificate on SIGHUP; the connection that is there goes on."""
    new_certificate(folder, "one")
    new_certificate(folder, "two")
    for kind in ("pem", "key"):
        shutil.copy(folder / f"one.{kind}", folder / f"now.{kind}")
    server = Server(folder, identity=("--certificate", str(folder / "now.pem"), "--key", str(folder / "now.key")))
    server.ca = str(folder / "one.pem")
    get = b"GET /2.root.json HTTP/1.1\r\nHost: h\r\n\r\n"
    with server.connect() as one:
        one.sendall(get)
        assert one.recv(1000).startswith(b"HTTP/1.1 200 ")
        for kind in ("pem", "key"):
            shutil.copy(folder / f"two.{kind}", folder / f"now.{kind}")
        server.process.send_signal(signal.SIGHUP)
        while "reloaded" not in server.process.stdout.readline():
            pass
        server.ca = str(folder / "two.pem")
        server.curl("2.root.json")
        one.sendall(get)
        assert one.recv(1000).startswith(b"HTTP/1.1 200 ")
        (folder / "now.pem").write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        while "ota.not_reloaded" not in server.process.stdout.readline():
            pass
        server.curl("2.root.json")
    server.stop()


def clients(folder):
    """Client certificates, tokens, and who is let in with which."""
    new_certificate(folder, "dev1")
    server = Server(folder, "--client-ca", str(folder / "dev1.pem"), "--ddi")
    none = subprocess.run(["curl", "-sS", "--cacert", server.ca, server.url + "2.root.json"], capture_output=True)
    assert none.returncode in (35, 55, 56) and not none.stdout, none
    mine = ("--cert", str(folder / "dev1.pem"), "--key", str(folder / "dev1.key"))
    assert server.curl("2.root.json", *mine) == b"{}"
    assert server.head("T/controller/v1/dev1", *mine)[0] == 200
    assert server.head("T/controller/v1/dev2", *mine)[0] == 401
    server.stop()
    tokens = folder / "tokens.yaml"
    tokens.write_text("dev1: one\ngateway: all\n")
    tokens.chmod(0o644)
    refused = subprocess.run([tool, "ota", "serve", folder / "www", "--self-signed", "--state", folder / "state",
                              "--ddi", "--tokens", tokens], capture_output=True, text=True, timeout=20)
    assert refused.returncode == 7, refused
    tokens.chmod(0o600)
    server = Server(folder, "--tokens", str(tokens), "--ddi")
    for device, header, status in (("dev1", "TargetToken one", 200), ("dev1", "TargetToken two", 401),
                                   ("dev2", "TargetToken one", 401), ("dev2", "GatewayToken all", 200),
                                   ("dev2", "GatewayToken one", 401), ("gateway", "TargetToken all", 401),
                                   ("dev1", "", 401)):
        got = server.head(f"T/controller/v1/{device}", "-H", f"Authorization: {header}")[0]
        assert got == status, (device, header, got)
    server.stop()


def esp(folder):
    (folder / "artifacts.yaml").write_text(
        "old:\n  file: app-1.bin\n  product: lamp\n  version: 1.9.2\n  hardware: a, b\n"
        "new:\n  file: app-2.bin\n  product: lamp\n  version: 1.10.0\n  hardware: a\n")
    server = Server(folder, "--artifacts", str(folder / "artifacts.yaml"))
    assert server.ready["artifacts"] == 2
    for query, version, file in (("", "1.10.0", "app-2.bin"), ("?hardware=b", "1.9.2", "app-1.bin")):
        facts = json.loads(server.curl(f"esp/lamp.json{query}"))
        content = (folder / "www" / file).read_bytes()
        assert (facts["version"], facts["size"]) == (version, len(content)), facts
        assert server.curl(f"esp/lamp/latest.bin{query}", "-L") == content
        assert server.curl("", "--url", facts["url"], "-o", "/dev/null") is not None
    for path in ("esp/lamp.json?hardware=c", "esp/other.json", "esp/lamp/latest.bin?hardware=", "esp/"):
        assert server.head(path)[0] in (404, 302), path
    server.stop()
    (folder / "artifacts.yaml").write_text("x:\n  file: missing.bin\n  product: p\n  version: 1\n  hardware: a\n")
    wrong = subprocess.run([tool, "ota", "serve", folder / "www", "--self-signed", "--state", folder / "state",
                            "--artifacts", folder / "artifacts.yaml", "--jsonl"], capture_output=True, text=True, timeout=20)
    assert wrong.returncode == 3 and "ota.artifacts" in wrong.stdout, wrong


def follow(folder):
    """A repository that changes while it is served, on connections that stay; and one that is not whole."""
    (folder / "www").parent.mkdir()
    old = pathlib.Path.cwd()
    os.chdir(folder)

    def ota(*arguments, code=0):
        done = subprocess.run([tool, "--json", "ota", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done
        return json.loads(done.stdout)["data"]

    def add(version):
        (folder / "lamp.bin").write_bytes(version.encode() * 1000)
        return ota("add", "lamp.bin", "--product", "lamp", "--hardware", "a", "--version", version, "--repository", "www",
                   "--key", "key")

    ota("keygen", "key")
    ota("init", "www", "--root", "key")
    server = Server(folder, "--ddi", "--poll", "1s")
    assert server.ready["artifacts"] == 0
    get = b"%s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\n\r\n%s"

    def ask(one, line, body=b""):
        one.sendall(get % (line, server.port, len(body), body))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += one.recv(65536)
        head, content = answer.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])
        while len(content) < length:
            content += one.recv(65536)
        return int(head.split()[1]), content

    def offered(one):
        status, content = ask(one, b"GET /esp/lamp.json")
        return json.loads(content)["version"] if status == 200 else status

    with server.connect() as one:
        assert offered(one) == 404
        attributes = json.dumps({"mode": "merge", "data": {"product": "lamp", "hardware": "a", "version": "0.9"}}).encode()
        assert ask(one, b"PUT /T/controller/v1/dev/configData", attributes)[0] == 200
        assert b"deploymentBase" not in ask(one, b"GET /T/controller/v1/dev")[1]
        add("1.0.0")
        assert offered(one) == "1.0.0"
        assert b"deploymentBase" in ask(one, b"GET /T/controller/v1/dev")[1]
        second = add("1.1.0")["target"]
        assert offered(one) == "1.1.0"
        # What is not whole is said once, and the rest is served.
        stored = folder / "www" / "targets" / "lamp" / "1.1.0" / (second["sha256"] + ".lamp.bin")
        stored.unlink()
        ota("refresh", "--repository", "www", "--key", "key", "--within", "10d")
        assert [offered(one), offered(one)] == ["1.0.0", "1.0.0"]
        add("1.1.0")
        ota("refresh", "--repository", "www", "--key", "key", "--within", "10d")
        assert offered(one) == "1.1.0"
        # Neither does a repository that cannot be read take the offer away.
        timestamp = folder / "www" / "metadata" / "timestamp.json"
        kept = timestamp.read_text()
        timestamp.write_text("{")
        assert offered(one) == "1.1.0"
        timestamp.write_text(kept)
        assert offered(one) == "1.1.0"
    said = [one for one in server.stop() if one["event"] == "notice"]
    assert [one["code"] for one in said] == ["ota.target_file", "ota.not_reloaded"], said
    assert "1 of 2" in said[0]["message"] and "lamp/1.1.0/lamp.bin: missing" in said[0]["message"], said
    assert said[0]["hint"], said

    # It starts, too, and says what is missing.
    stored.write_bytes(b"other")
    server = Server(folder)
    assert server.ready["artifacts"] == 1
    assert [one["message"] for one in server.before] == [
        "1 of 2 targets cannot be served: lamp/1.1.0/lamp.bin: damaged"], server.before
    server.stop()
    os.chdir(old)


def full_disk(folder):
    """What the disk did not take is in the journal once it does; until then devices repeat themselves."""
    folder.mkdir()
    (folder / "www").mkdir()
    server = Server(folder, "--ddi", restore_signals=False)  # Python ignores SIGXFSZ
    journal = folder / "state" / "ddi.journal"
    put = ("-X", "PUT", "-d", '{"mode":"merge","data":{"product":"p","hardware":"h"}}')
    before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    assert server.head("T/controller/v1/dev1/configData", *put)[0] == 200
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (journal.stat().st_size, before[1]))
    for device in ("dev2", "dev2", "dev3"):
        assert server.head(f"T/controller/v1/{device}/configData", *put)[0] == 503, device
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
    assert server.head("T/controller/v1/dev2/configData", *put)[0] == 200
    kept = [json.loads(line).get("device") for line in journal.read_text().splitlines()]
    assert sorted(kept) == ["dev1", "dev2", "dev3"], journal.read_text()
    said = [one["code"] for one in server.stop() if one["event"] == "notice"]
    assert said == ["ota.state"], said


def options(folder):
    """What is refused in front, with exit status 2 and a reason."""
    for given, reason in ((("--connections", "0"), "at least 1"), (("--connections-per-address", "0"), "at least 1"),
                          (("--idle", "0s"), "at least"), (("--ddi", "--poll", "0s"), "at least"),
                          (("--name", "bad name"), "host"), (("--name", ""), "host"),
                          (("--name", "other.example"), "is not for other.example"),
                          (("--tokens", "x"), "--ddi"), (("--key", "x"), "--certificate")):
        done = subprocess.run([tool, "ota", "serve", folder / "www", "--self-signed", "--state", folder / "state", *given],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and reason in done.stderr, (given, done)
    if not (folder / "fifo").exists():
        os.mkfifo(folder / "fifo")
    for given, reason in ((("--certificate", "none.pem"), "No such file"),
                          (("--certificate", folder / "fifo"), "not a regular file"), (("--self-signed", "--artifacts", "none"), "next: "),
                          (("--self-signed", "--ddi", "--tokens", "none"), "next: ")):
        done = subprocess.run([tool, "ota", "serve", folder / "www", "--state", folder / "state", *given],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 3 and reason in done.stderr and "next: " in done.stderr, (given, done)
    done = subprocess.run([tool, "ota", "serve", folder / "www", "--certificate", folder / "one.pem", "--name", "a"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "--self-signed" in done.stderr, done
    server = Server(folder, "--name", "localhost", "--name", "127.0.0.1")  # the kept one has these
    server.stop()


def systemd(folder):
    """A socket that is handed over, and what the service says of itself."""
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(folder / "notify"))
    notify.settimeout(20)
    listener = socket.create_server(("127.0.0.1", 0))
    script = 'exec 3<&"$FD"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
    command = ["bash", "-c", script, "bash", tool, "ota", "serve", str(folder / "www"), "--self-signed", "--jsonl"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[listener.fileno()],
                               env={**os.environ, "FD": str(listener.fileno()), "NOTIFY_SOCKET": str(folder / "notify"),
                                    "STATE_DIRECTORY": str(folder / "state")})
    port = listener.getsockname()[1]
    listener.close()
    assert json.loads(process.stdout.readline())["urls"] == [f"https://127.0.0.1:{port}/"]
    assert notify.recv(100) == b"READY=1"
    process.send_signal(signal.SIGHUP)
    assert [notify.recv(100), notify.recv(100)] == [b"RELOADING=1", b"READY=1"]
    process.terminate()
    assert notify.recv(100) == b"STOPPING=1"
    assert process.wait(20) == 0


def limits(folder):
    server = Server(folder, "--connections-per-address", "2", "--rate", "0", "--idle", "1s", "--metrics", "127.0.0.1:0")
    with server.connect() as one, server.connect() as two:
        third = socket.create_connection(("127.0.0.1", server.port), 20)
        third.sendall(b"x")  # a server that defers its accept waits for a byte
        with contextlib.suppress(ConnectionResetError):
            assert third.recv(10) == b""
        for held in (one, two):  # idle: told, then closed
            held.settimeout(20)
            assert held.recv(10) == b""
    metrics = subprocess.run(["curl", "-sS", server.ready["metrics_url"]], capture_output=True, text=True, check=True).stdout
    assert "\naiotctl_ota_connections_refused_total 1\n" in metrics, metrics
    assert "\naiotctl_ota_timeouts_total 2\n" in metrics, metrics
    assert server.head("metrics")[0] == 404
    server.stop()
    server = Server(folder, "--rate", "2")
    with server.connect() as one:
        one.sendall(b"GET /2.root.json HTTP/1.1\r\nHost: h\r\n\r\n" * 9)
        got = b""
        while got.count(b"HTTP/1.1 ") < 9:
            got += one.recv(65536)
        assert got.count(b"HTTP/1.1 200 ") == 3 and got.count(b"HTTP/1.1 429 ") == 6, got
    server.stop()


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    www = folder / "www"
    (www / "sub").mkdir(parents=True)
    (folder / "state").mkdir()
    (www / "big.bin").write_bytes(os.urandom(1_000_003))
    (www / "app-1.bin").write_bytes(b"one" * 1000)
    (www / "app-2.bin").write_bytes(b"two" * 2000)
    (www / "2.root.json").write_text("{}")
    (www / "timestamp.json").write_text("{}")
    (www / ".hidden").write_text("x")
    (www / "secret.key").write_text("x")
    (www / "secret.key").chmod(0o600)
    os.mkfifo(www / "pipe")
    (www / "link").symlink_to("big.bin")
    (www / "sub" / "link").symlink_to("/etc/passwd")
    os.utime(www / "big.bin", (1_700_000_000, 1_700_000_000))  # settled, so that it is cached

    server = Server(folder, "--access-log", str(folder / "access.log"))
    check("aiot.ota.serve.ready.1", {k: v for k, v in server.ready.items() if k not in ("event", "time_s")})
    files(folder, server)
    messages(server)
    tls(folder, server)
    end = next(line for line in server.stop() if line["event"] == "finished")["data"]
    check("aiot.ota.serve.1", end)
    assert end["handshakes_resumed"] >= 2 and end["handshakes_failed"] >= 2, end
    records = [json.loads(line) for line in (folder / "access.log").read_text().splitlines()]
    for record in records[:20]:
        assert record.pop("kind") == "access"
        check("aiot.ota.access.1", record)
    assert any(one["status"] == 206 and one["bytes"] == 5 and one["whole"] for one in records)
    reload(folder)
    clients(folder)
    esp(folder)
    options(folder)
    follow(folder / "follow")
    full_disk(folder / "full")
    systemd(folder)
    limits(folder)

    none = subprocess.run([tool, "ota", "serve", www], capture_output=True, text=True, timeout=20)
    assert none.returncode == 2 and "certificate" in none.stderr, none
    busy = socket.create_server(("127.0.0.1", 0))
    taken = subprocess.run([tool, "ota", "serve", www, "--self-signed", "--state", folder / "state", "--listen",
                            f"127.0.0.1:{busy.getsockname()[1]}"], capture_output=True, text=True, timeout=20)
    assert taken.returncode == 5, taken
