"""ota_push_test.py AIOTCTL SCHEMA-FOLDER: `ota push` to ESP devices: virtual ones of `sim ota`, some of them behind
Python's TLS, and two scripts that follow the public sources of arduino-esp32 (ArduinoOTA.cpp) and ESPHome
(ota_esphome.cpp)."""

import gzip
import hashlib
import json
import os
import pathlib
import select
import socket
import ssl
import subprocess
import tempfile
import threading

from ota_images import esp_image
from ota_program import devices, ota, tool


def push(*arguments, code=0):
    return ota("push", *arguments, code=code, secret="secret")


def failure(*arguments, code):
    error = push(*arguments, code=code)["errors"][0]
    return error["code"], error["step"]


class Script(threading.Thread):
    """A device that serves one update. What it got is in `firmware`."""

    def __init__(self):
        super().__init__(daemon=True)
        self.firmware = None
        self.start()

    @staticmethod
    def exactly(connection, count):
        out = b""
        while len(out) < count:
            more = connection.recv(count - len(out))
            assert more, "closed"
            out += more
        return out


class Arduino(Script):
    def __init__(self, rounds, nonce, password_hash):
        self.rounds, self.nonce, self.hash = rounds, nonce, password_hash
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.address = f"arduino://127.0.0.1:{self.udp.getsockname()[1]}"
        super().__init__()

    def wanted(self, cnonce):
        if not self.rounds:
            return hashlib.md5(f"{self.hash}:{self.nonce}:{cnonce}".encode()).hexdigest()
        salt = f"{self.nonce}:{cnonce}"
        key = hashlib.pbkdf2_hmac("sha256", self.hash.encode(), salt.encode(), self.rounds).hex()
        return hashlib.sha256(f"{key}:{salt}".encode()).hexdigest()

    def run(self):
        while True:
            text, host = self.udp.recvfrom(512)
            command, port, size, md5 = text.decode().split()
            assert command == "0", text
            self.udp.sendto(f"AUTH {self.nonce}".encode(), host)
            command, cnonce, response = self.udp.recvfrom(512)[0].decode().split()
            assert command == "200" and len(cnonce) == len(self.nonce)
            if response == self.wanted(cnonce):
                break
            self.udp.sendto(b"Authentication Failed", host)
        self.udp.sendto(b"OK", host)
        got = b""
        with socket.create_connection((host[0], int(port))) as tcp:
            while len(got) < int(size):
                data = tcp.recv(1460)
                assert data
                got += data
                tcp.sendall(str(len(data)).encode())
            assert hashlib.md5(got).hexdigest() == md5
            self.firmware = got
            tcp.sendall(b"OK")


class Esphome(Script):
    def __init__(self, password, compressed):
        self.password, self.compressed = password, compressed
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"esphome://127.0.0.1:{self.server.getsockname()[1]}"
        super().__init__()

    def run(self):
        tcp = self.server.accept()[0]
        assert self.exactly(tcp, 5) == bytes.fromhex("6c26f75c45")
        tcp.sendall(b"\x00\x02")
        features = self.exactly(tcp, 1)[0]
        assert features & 2
        extended = features & 4
        if extended:
            tcp.sendall(bytes([0x48, 1 if self.compressed else 0]))
        else:
            tcp.sendall(b"\x46" if self.compressed else b"\x40")
        nonce = hashlib.sha256(os.urandom(16)).hexdigest()
        tcp.sendall(b"\x02" + nonce.encode())
        cnonce, response = self.exactly(tcp, 64).decode(), self.exactly(tcp, 64).decode()
        if response != hashlib.sha256((self.password + nonce + cnonce).encode()).hexdigest():
            tcp.sendall(b"\x82")
            return tcp.close()
        tcp.sendall(b"\x41")
        if extended:
            assert self.exactly(tcp, 1) == b"\x00"
        size = int.from_bytes(self.exactly(tcp, 4), "big")
        tcp.sendall(b"\x42")
        md5 = self.exactly(tcp, 32).decode()
        tcp.sendall(b"\x43")
        got, acknowledged = b"", 0
        while len(got) < size:
            got += tcp.recv(min(1024, size - len(got)))
            while acknowledged + 8192 <= len(got) or (len(got) == size and acknowledged < size):
                tcp.sendall(b"\x47")
                acknowledged += 8192
        tcp.sendall(b"\x44")
        assert hashlib.md5(got).hexdigest() == md5
        self.firmware = gzip.decompress(got) if self.compressed else got
        tcp.sendall(b"\x45")
        assert self.exactly(tcp, 1) == b"\x00"
        tcp.close()
        tcp = self.server.accept()[0]  # it is back
        self.exactly(tcp, 5)
        tcp.sendall(b"\x00\x02")


def certificate(folder, name, alternative):
    """A certificate that signs itself, its key, and its SHA-256."""
    path, key = folder / (name + ".pem"), folder / (name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", path, "-days", "2", "-subj", "/CN=" + name, "-addext",
                    "subjectAltName=" + alternative], check=True, capture_output=True)
    der = ssl.PEM_cert_to_DER_cert(path.read_text())
    return path, key, hashlib.sha256(der).hexdigest()


class Tls:
    """A port with TLS before a port without. `swap_after` connections another certificate answers."""

    def __init__(self, address, pem, key, swap=None, swap_after=None):
        self.target = address.split("//")[1].split(":")
        self.certificates = [(pem, key), swap]
        self.swap_after, self.connections = swap_after, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"https://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            plain = self.server.accept()[0]
            self.connections += 1
            swapped = self.swap_after is not None and self.connections > self.swap_after
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, self.certificates[swapped]))
            try:
                secure = context.wrap_socket(plain, server_side=True)
                self.relay(secure)
                secure.close()
            except OSError:
                pass  # the client does not trust it

    def relay(self, secure):
        """Until the device closes its connection, behind its response."""
        with socket.create_connection((self.target[0], int(self.target[1]))) as device:
            while True:
                readable = select.select([secure, device], [], [], 30)[0]
                if device in readable:
                    if not (data := device.recv(4096)):
                        return
                    secure.sendall(data)
                if secure in readable:
                    data = secure.recv(4096)
                    while data and secure.pending():
                        data += secure.recv(4096)
                    if not data:
                        return
                    device.sendall(data)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    new = folder / "new.bin"
    new.write_bytes(esp_image("2.0.0", bytes(i * 7 % 256 for i in range(100000))))
    secret, other = folder / "secret.txt", folder / "other.txt"
    for path, text in ((secret, "secret\n"), (other, "other\n")):
        path.write_text(text)
        path.chmod(0o600)

    # Scripts that nobody here wrote the host for.
    hashed = hashlib.sha256(b"secret").hexdigest()
    older = hashlib.md5(b"secret").hexdigest()
    for device in (
        Arduino(0, "0123456789abcdef" * 2, older),
        Arduino(10000, "0123456789abcdef" * 4, hashed),
        Arduino(10000, "0123456789abcdef" * 4, older),
        Esphome("secret", False),
        Esphome("secret", True),
    ):
        result = push("--password-file", str(secret), device.address, str(new))["data"]["devices"][0]
        device.join(10)
        assert device.firmware == new.read_bytes(), device.address
        assert "no version" in result["unconfirmed"] and not result["booted"], result

    for kind in ("arduino", "esphome"):
        with devices("--kind", kind, count=16) as addresses:
            report = push(*addresses, str(new))["data"]["devices"]
            assert len(report) == 16 and all(one["ok"] for one in report), report
        for fault in ([], ["--fault", "md5"]):
            with devices("--kind", kind, "--password-file", str(secret), *fault) as (address,):
                assert failure(address, str(new), code=7)[0].endswith("needs_password")
                assert failure("--password-file", str(other), address, str(new), code=7)[0].endswith("wrong_password")
                result = push("--password-file", str(secret), address, str(new))["data"]["devices"][0]
                assert result["sent_bytes"] == new.stat().st_size and result["version"] == "2.0.0", result

    with devices("--kind", "arduino", "--fault", "drop") as (address,):
        assert push(address, str(new))["data"]["devices"][0]["ok"]
    for kind, fault, code, error in (
        ("arduino", "corrupt@5000", 8, ("arduino_ota.refused", "upload")),
        ("arduino", "power-cut@30000", 6, ("link.lost", "upload")),
        ("arduino", "never-back", 6, ("arduino_ota.not_connected", "connect")),
        ("esphome", "corrupt@5000", 9, None),
        ("esphome", "power-cut@30000", 6, None),
        ("esphome", "never-back", 6, ("ota.not_back", "reboot")),
        ("http", "corrupt@5000", 8, ("http_update.refused", "upload")),
        ("http", "power-cut@30000", 6, None),
        ("http", "refuses", 8, ("http_update.refused", "upload")),
        ("http", "wrong-version", 9, ("ota.not_booted", "reboot")),
        ("http", "never-back", 6, ("ota.not_back", "reboot")),
    ):
        with devices("--kind", kind, "--fault", fault) as (address,):
            got = failure("--within", "2s", address, str(new), code=code)
            assert error is None or got == error, (kind, fault, got)
            assert error is not None or got[1] == "upload", (kind, fault, got)

    for page, versions in (("tasmota", True), ("wled", True), ("esphome", False), ("esp8266", False), ("arduino", False)):
        with devices("--kind", "http", "--port", page + ":0", "--password-file", str(secret)) as (address,):
            assert failure(address, str(new), code=7)[0] == "http_update.wrong_password"
            result = push("--password-file", str(secret), address, str(new))["data"]["devices"][0]
            assert result["http_kind"] == page and result["booted"] == versions, result
            assert versions or "no version" in result["unconfirmed"], result
            if versions:
                assert (result["version_before"], result["version_after"]) == ("1.0.0", "2.0.0"), result
                # The same version may be another build: it is sent, unless that is asked for.
                again = push("--password-file", str(secret), address, str(new))["data"]["devices"][0]
                assert again["sent_bytes"] > 100000 and not again["up_to_date"] and not again["booted"], again
                assert "either build" in again["unconfirmed"], again
                same = push("--password-file", str(secret), "--skip-same-version", address, str(new))["data"]["devices"][0]
                assert same["up_to_date"] and not same["sent_bytes"], same
    with devices("--kind", "http", count=16) as addresses:
        report = push(*addresses, str(new))["data"]["devices"]
        assert all(one["ok"] and one["booted"] for one in report), report
    with devices("--kind", "http") as (address,):
        assert push("--http-kind", "none", address, str(new), code=2)["errors"][0]["code"] == "usage.value"
        assert push("--within", "0s", address, str(new), code=2)["errors"][0]["code"] == "usage.value"
        shown = ota("push", "-n", address, str(new), text=True)
        assert "nothing sent: runs 1.0.0, the image is 2.0.0" in shown, shown
        result = push("-n", address, str(new))["data"]["devices"][0]
        assert result["dry_run"] and result["version_before"] == "1.0.0", result

    # The same over TLS: an authority, a fingerprint, one of each device's own.
    mine, here, away = (certificate(folder, *one) for one in (
        ("mine", "IP:127.0.0.1"), ("here", "IP:127.0.0.1"), ("away", "DNS:lamp.local")))
    for page, versions in (("tasmota", True), ("esp8266", False)):
        with devices("--kind", "http", "--port", page + ":0", "--password-file", str(secret)) as (plain,):
            address = Tls(plain, *mine[:2]).address
            assert failure(address, str(new), code=7) == ("tls.untrusted", "connect")
            assert failure("--ca", str(here[0]), address, str(new), code=7) == ("tls.untrusted", "connect")
            assert failure("--fingerprint", here[2], address, str(new), code=7) == ("tls.untrusted", "connect")
            assert failure("--fingerprint", "abc", address, str(new), code=2)[0] == "ota.url"
            assert failure("--ca", str(new), address, str(new), code=3)[0] == "tls.certificate"
            result = push("--ca", str(mine[0]), "--password-file", str(secret), address, str(new))["data"]["devices"][0]
            assert result["http_kind"] == page and result["booted"] == versions, result
    with devices("--kind", "http", count=2) as (one, two):
        proxies = [Tls(one, *here[:2]), Tls(two, *away[:2])]
        # Authorities vouch for a name: away's is another.
        assert failure("--ca", str(away[0]), proxies[1].address, str(new), code=7)[0] == "tls.untrusted"
        colons = ":".join(away[2][i:i + 2] for i in range(0, 64, 2)).upper()
        report = push("--fingerprint", here[2], proxies[0].address, f"{proxies[1].address}/?fingerprint={colons}",
                      str(new))["data"]["devices"]
        assert all(one["ok"] and one["booted"] for one in report), report
    with devices("--kind", "http") as (plain,):
        # Another server in the device's place while it boots is not asked for long.
        proxy = Tls(plain, *mine[:2], swap=here[:2], swap_after=4)
        assert failure("--ca", str(mine[0]), proxy.address, str(new), code=7) == ("tls.untrusted", "reboot")
        assert proxy.connections == 5, proxy.connections

    # An image of another format is refused before a device is asked.
    damaged, text = folder / "damaged.bin", folder / "text.bin"
    damaged.write_bytes(new.read_bytes()[:-1] + b"\x00")
    text.write_text("no firmware")
    with devices("--kind", "esphome") as (address,):
        assert failure(address, str(damaged), code=3)[0] == "ota.bad_image"
        assert failure(address, str(text), code=3)[0] == "ota.unknown_format"
        shown = subprocess.run([tool, "ota", "push", address, str(new)], capture_output=True, text=True, timeout=60)
        assert shown.returncode == 0 and "not confirmed" in shown.stdout, shown
    with devices() as (address,):
        refused = push(address, str(new), code=3)["errors"][0]
        assert refused["code"] == "ota.unsigned_image" and "aiotctl ota sign" in refused["hint"], refused
    unknown = push("foo://192.168.1.40", str(new), code=2)["errors"][0]
    for scheme in ("udp", "serial", "rfc2217", "tcp", "arduino", "esphome", "http"):
        assert scheme in unknown["message"] + unknown["hint"], unknown
    # Nobody listens there.
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for scheme in ("http", "esphome"):
        assert push(f"{scheme}://127.0.0.1:{port}", str(new), code=5)["errors"][0]["hint"]
    other.chmod(0o644)
    refused = [tool, "ota", "push", "--json", "--password-file", str(other), "esphome://127.0.0.1:1", str(new)]
    done = subprocess.run(refused, capture_output=True, text=True, timeout=60)
    assert done.returncode == 7 and json.loads(done.stdout)["errors"][0]["code"] == "config.permissions", done
