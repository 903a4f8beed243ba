"""Peers that send without end, over TCP and RFC 2217: every command ends by its time, within its memory. And senders
of syslog messages that are many, or costly to read.

usage: real_flood_test.py AIOTCTL
"""
import os
import select
import socket
import subprocess
import sys
import threading
import time

AIOTCTL = sys.argv[1]
TIMEOUT_S = 2
MOST_S = TIMEOUT_S + 6  # to start, to clean up, and for a loaded machine
MOST_BYTES = 160 * 1024 * 1024

# What an RFC 2217 server awaits and what it answers: the offer of the option, and the last of the settings, the
# rate (RFC 2217, section 3).
RFC2217 = [(bytes.fromhex("fffb2c"), bytes.fromhex("fffd2c fffb03 fffd03 fffd00 fffb00")),
           (bytes.fromhex("fffa2c01"), bytes.fromhex("fffa2c650001c200fff0"))]
FLOODS = {
    "zeros": b"\0" * 65536,
    "text": b"I have much to say, and no time to listen.\r\n" * 1500,
    "endless line": b"x" * 65536,
    "SLIP frames": bytes.fromhex("c0 01 08 02 00 07 07 12 20 00 00 c0") * 5000,
    "short SLIP frames": b"\xc0\x01" * 30000,
}


# AddressSanitizer keeps 256 MiB of freed memory to find late uses: what counts here is what the program keeps.
ENVIRONMENT = os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                            ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}


class Flood:
    """A server that sends one thing again and again to whoever connects, as fast as it is taken."""

    def __init__(self, first, flood):
        """`first`: pairs of what is awaited and what is sent then."""
        self.first, self.flood = first, flood
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        try:
            received = b""
            for awaited, answer in self.first:
                while awaited not in received:
                    received += client.recv(65536)
                client.sendall(answer)
            threading.Thread(target=self.swallow, args=(client,), daemon=True).start()
            while True:
                client.sendall(self.flood)
        except OSError:
            client.close()

    def swallow(self, client):
        try:
            while client.recv(65536):
                pass
        except OSError:
            pass


def run(*args):
    """The exit code, the seconds it took, and the most memory that it had."""
    begin = time.monotonic()
    process = subprocess.Popen([AIOTCTL, "--no-input", *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, env=ENVIRONMENT)
    killer = threading.Timer(60, process.kill)
    killer.start()
    said = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    killer.cancel()
    return os.waitstatus_to_exitcode(status), time.monotonic() - begin, usage.ru_maxrss * 1024, said


def collector(transport, *options):
    """A collector of syslog messages that listens, and its port."""
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([AIOTCTL, "--jsonl", "listen", *options, f"syslog://127.0.0.1:{port}?transport={transport}"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    name = f"{port:04X}"
    table = f"/proc/net/{transport}"
    while not any(line.split()[1].endswith(":" + name) for line in open(table).readlines()[1:]):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    return process, port


def idle_connections_lock_nobody_out():
    process, port = collector("tcp", "--count", "2", "--duration", "60s")
    first = socket.create_connection(("127.0.0.1", port))
    first.sendall(b"<13>Nov  4 06:33:38 gw app: first\n")
    first_heard = process.stdout.readline()
    while b"first" not in first_heard:
        first_heard = process.stdout.readline()
        assert first_heard, process.stderr.read()
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
    first.sendall(b"<13>Nov  4 06:33:38 gw app: second\n")  # who has spoken is not closed for those who have not
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"second" in out, (process.returncode, out, err)
    for one in idle:
        one.close()
    print("ok: 300 idle connections to a syslog collector")


def late_sender_is_heard():
    process, port = collector("tcp", "--count", "1", "--duration", "60s")
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
    late = socket.create_connection(("127.0.0.1", port))
    late.sendall(b"<13>Nov  4 06:33:38 gw app: late\n")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"late" in out and b"idlest are closed" in out + err, (out, err)
    for one in idle:
        one.close()
    print("ok: the 301st sender is heard")


def costly_datagrams():
    count = 40
    process, port = collector("udp", "--count", str(count), "--duration", "60s")
    text = b"<13>1 - - - - - [a" + b"".join(b' %x=""' % i for i in range(7000)) + b"] x"
    assert 50_000 < len(text) < 65_507, len(text)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(count):
        sender.sendto(text, ("127.0.0.1", port))
        process.stdout.readline()  # one after the other: none is lost
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = usage.ru_utime + usage.ru_stime
    assert status == 0 and seconds < 3, (status, seconds)
    print(f"ok: {count} datagrams with 7,000 parameters each: {seconds:.2f} s of CPU")


def endless_device_list():
    for name, code_wanted in (("/dev/zero", 3), ("-", 3)):
        with open("/dev/zero", "rb") as endless:
            begin = time.monotonic()
            process = subprocess.Popen([AIOTCTL, "--no-input", "flash", "info", "--timeout", "10s", "--devices", name],
                                       stdin=endless, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT)
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
        code, memory = os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024
        assert code == code_wanted and b"too long" in said and memory < MOST_BYTES, (code, said, memory)
        print(f"ok: a device list without an end, {name}: {time.monotonic() - begin:.1f} s, {memory >> 20} MiB")


class Drip(Flood):
    """Answers a TLS greeting with a handshake that goes on for ever, a byte at a time."""

    def talk(self, client):
        try:
            client.recv(65536)
            while True:
                client.sendall(bytes.fromhex("160303000402003fff"))  # a ServerHello of 16,383 bytes begins
                for _ in range(16000):
                    client.sendall(bytes.fromhex("160303000100"))
                    if select.select([client], [], [], 0.02)[0] and not client.recv(65536):
                        return
        except OSError:
            client.close()


def one_document():
    """--json keeps a flood for its one document: control bytes, each of which takes six there, are the worst."""
    server = Flood([], b"\0" * 65536)
    for framing in ("line", "none"):
        code, seconds, memory, said = run("--json", "listen", "--duration", f"{TIMEOUT_S}s", "--framing", framing,
                                          f"tcp://127.0.0.1:{server.port}")
        assert code == 0 and seconds < 25 and memory < 3 * MOST_BYTES, (framing, code, seconds, memory, said)
        print(f"ok: --json listen, --framing {framing}: {seconds:.1f} s, {memory >> 20} MiB")
    server.listener.close()


def slow_handshake():
    server = Drip([], b"")
    code, seconds, memory, said = run("listen", "--duration", f"{TIMEOUT_S}s", "--quiet",
                                      f"mqtts://127.0.0.1:{server.port}/t")
    assert seconds < MOST_S and memory < MOST_BYTES and code in (0, 6, 8), (code, seconds, memory, said)
    print(f"ok: a TLS handshake without an end: exit {code} after {seconds:.1f} s")
    server.listener.close()


def main():
    failures = 0
    endless_device_list()
    slow_handshake()
    one_document()
    idle_connections_lock_nobody_out()
    late_sender_is_heard()
    costly_datagrams()
    for scheme, first in (("tcp", []), ("rfc2217", RFC2217)):
        for name, flood in FLOODS.items():
            server = Flood(first, flood)
            address = f"{scheme}://127.0.0.1:{server.port}"
            for command in (["flash", "info", "--timeout", f"{TIMEOUT_S}s", address],
                            ["bench", "device", "--timeout", f"{TIMEOUT_S}s", address],
                            ["listen", "--duration", f"{TIMEOUT_S}s", "--quiet", address]):
                code, seconds, memory, said = run(*command)
                fine = seconds < MOST_S and memory < MOST_BYTES and (code in (0, 4, 6, 8))
                failures += not fine
                print(f"{'ok' if fine else 'FAILED'}: {scheme}, {name}: {' '.join(command[:2])}: exit {code} after "
                      f"{seconds:.1f} s, {memory >> 20} MiB")
                if not fine:
                    print(said[-2000:])
            server.listener.close()
    sys.exit(failures != 0)


main()
