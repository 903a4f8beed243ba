"""1,000 hostile connections on `aiotctl ota serve` while 100 devices download: all of these finish, memory stays bounded,
no descriptor is left behind.

ota_serve_hostile_test.py AIOTCTL"""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

tool = sys.argv[1]
if not shutil.which("curl"):
    print("SKIP: curl is not installed")
    sys.exit(77)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)


def memory_kib(process):
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def descriptors(process):
    return len(os.listdir(f"/proc/{process}/fd"))


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "www").mkdir()
    content = os.urandom(1 << 20)
    (folder / "www" / "fw.bin").write_bytes(content)
    server = subprocess.Popen(
        [tool, "ota", "serve", folder / "www", "--self-signed", "--state", folder / "state", "--listen", "127.0.0.1:0",
         "--connections", "1300", "--rate", "1000", "--jsonl"], stdout=subprocess.PIPE, text=True,
        # AddressSanitizer keeps 256 MiB of freed memory to find late uses: what counts is what the server keeps.
        env=os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                          ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"})
    ready = json.loads(server.stdout.readline())
    threading.Thread(target=server.stdout.read, daemon=True).start()
    port = int(ready["urls"][0].rsplit(":", 1)[1].rstrip("/"))
    context = ssl.create_default_context(cafile=folder / "state" / "server.pem")
    before = descriptors(server.pid)

    dice = random.Random(1)
    hostile = []
    numbers = iter(range(10**9))

    def connect():
        # Each address has less than its share of the connections.
        one = socket.create_connection(("127.0.0.1", port), 20, source_address=(f"127.0.1.{1 + next(numbers) % 8}", 0))
        hostile.append(one)
        return one

    def secured():
        one = context.wrap_socket(connect(), server_hostname="localhost")
        hostile[-1] = one
        return one

    hello = bytes.fromhex("16030100c8010000c40303")
    session = None

    def silent():
        connect()

    def half_hello():
        connect().sendall(hello)

    def noise():
        connect().sendall(dice.randbytes(dice.randrange(1, 400)))

    def plain():
        connect().sendall(b"GET /fw.bin HTTP/1.1\r\nHost: h\r\n\r\n")

    def half_request():
        secured().sendall(b"GET /fw.bin HTTP/1.1\r\nHost: h\r\nX: ")

    def long_header():
        secured().sendall(b"GET /fw.bin HTTP/1.1\r\nX: " + b"a" * 20_000)

    def large_body():
        secured().sendall(b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n")

    def pipeline():  # answers that nobody reads
        secured().sendall(b"GET /fw.bin HTTP/1.1\r\nHost: h\r\n\r\n" * 100)

    def slow_reader():
        one = secured()
        one.sendall(b"GET /fw.bin HTTP/1.1\r\nHost: h\r\n\r\n")
        one.recv(1)

    def malformed():
        secured().sendall(dice.choice([b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                       b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                                       b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]))

    attacks = ([silent] * 250 + [half_hello] * 150 + [noise] * 150 + [plain] * 50 + [half_request] * 100 +
               [long_header] * 60 + [large_body] * 40 + [pipeline] * 80 + [slow_reader] * 60 + [malformed] * 60)
    assert len(attacks) == 1000
    dice.shuffle(attacks)

    # One that sends a byte now and then: its handshake ends all the same.
    dribbler = socket.create_connection(("127.0.0.1", port), 20)
    dribbler.sendall(hello[:1])
    began = time.monotonic()

    def dribble():
        with contextlib.suppress(OSError):
            while True:
                dribbler.sendall(b"\x03")
                time.sleep(0.25)

    threading.Thread(target=dribble, daemon=True).start()
    for attack in attacks[:500]:
        with contextlib.suppress(OSError):
            attack()
    # 100 devices, while the other half comes.
    out = folder / "out"
    out.mkdir()
    devices = subprocess.Popen(
        ["curl", "-sS", "--cacert", folder / "state" / "server.pem", "--parallel", "--parallel-immediate",
         "--parallel-max", "100", "--max-time", "100", "-o", f"{out}/#1.bin",
         f"https://127.0.0.1:{port}/fw.bin?[1-100]"], stderr=subprocess.PIPE, text=True)
    for attack in attacks[500:]:
        with contextlib.suppress(OSError):
            attack()
    peak = memory_kib(server.pid)
    errors = devices.communicate(timeout=100)[1]
    assert devices.returncode == 0, errors
    whole = hashlib.sha256(content).digest()
    got = [hashlib.sha256(file.read_bytes()).digest() for file in out.iterdir()]
    assert len(got) == 100 and all(one == whole for one in got), len(got)
    peak = max(peak, memory_kib(server.pid))
    assert len(hostile) >= 900, len(hostile)
    # Under the sanitizers a connection costs more.
    assert peak < 400_000, f"{peak} KiB"

    dribbler.settimeout(20)
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        assert dribbler.recv(10) in (b"", b"\x15")
    waited = time.monotonic() - began
    assert 5 < waited < 20, f"the dribbling handshake lived {waited:.1f} s"

    for one in hostile:
        with contextlib.suppress(OSError):
            one.close()
    end = time.monotonic() + 30
    while descriptors(server.pid) > before and time.monotonic() < end:
        time.sleep(0.1)
    assert descriptors(server.pid) <= before, (descriptors(server.pid), before)
    server.terminate()
    assert server.wait(20) == 0
    print(f"peak {peak} KiB")
