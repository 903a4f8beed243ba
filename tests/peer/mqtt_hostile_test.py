"""aiotctl listen and sim gadget with brokers that are silent, slow, flooding or broken; in a network of its own.

usage: mqtt_hostile_test.py AIOTCTL
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

if os.environ.get("AIOT_OWN_NETWORK") != "yes":
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        print("SKIP: a network of its own needs root, unshare and ip")
        sys.exit(0)
    os.environ["AIOT_OWN_NETWORK"] = "yes"
    os.execvp("unshare", ["unshare", "-nm", sys.executable, *sys.argv])
# A look-up wants an address beside the loopback's.
for command in ("link set lo up", "link add v0 type veth peer name v1",
                "addr add 192.0.2.1/24 dev v0", "link set v0 up", "link set v1 up"):
    subprocess.run(["ip", *command.split()], check=True)

AIOTCTL = sys.argv[1]
SLACK_S = 5  # a loaded machine; without a mend these cases take from 15 s to for ever
PATIENCE_S = 60
CONNACK = bytes.fromhex("20 03 00 00 00")
SUBACK = bytes.fromhex("90 04 00 01 00 00")
HOSTILE = {
    "mqtt.property": "20 06 00 00 03 41 00 00",
    "mqtt.packet-flags": "21 03 00 00 00",
    "mqtt.packet-too-large": "20 ff ff ff 7f 00 00",
}
HOSTILE_LATER = {
    "mqtt.property": "30 06 00 01 61 02 41 00",
    "mqtt.packet-qos": "36 06 00 01 61 00 01 00",
    "mqtt.packet-too-large": "30 ff ff ff 7f 00 01 61",
    "mqtt.packet-type": "00 00",
}


class Broker:
    """Answers CONNECT with `first`, SUBSCRIBE with `second`, and then repeats `rest` until it is closed."""

    def __init__(self, first=b"", second=b"", rest=b""):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answers = (first, second, rest)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        first, second, rest = self.answers
        try:
            connection.recv(4096)
            connection.sendall(first)
            if second or rest:
                connection.recv(4096)
                connection.sendall(second)
            while rest:
                connection.sendall(rest)
            while connection.recv(4096):
                pass
        except OSError:
            pass

    def address(self, topic="a"):
        return f"mqtt://127.0.0.1:{self.port}/{topic}"


def start(*args):
    return subprocess.Popen([AIOTCTL, "--jsonl", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ends_in(process, limit_s):
    begin = time.monotonic()
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    took = time.monotonic() - begin
    assert took < limit_s, (took, limit_s)
    return process.returncode, out, err.decode()


def codes(out):
    """The stable codes of all failures in the output."""
    return {event["code"] for event in map(json.loads, out.splitlines()) if event["event"] == "failed"}


def lasts(broker, **limits):
    """A session that only its duration or the user ends, which both are success."""
    process = start("listen", broker.address(), "--duration", "2s")
    code, _, err = ends_in(process, 2 + SLACK_S)
    assert code == 0, (code, err, limits)
    process = start("listen", broker.address())
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    code, _, err = ends_in(process, SLACK_S)
    assert code == 0, (code, err)


def a_silent_broker():
    lasts(Broker())
    lasts(Broker(CONNACK))


def a_flood():
    message = bytes.fromhex("30 07 00 01 61 00 31 32 33")
    lasts(Broker(CONNACK, b"", message * 1000))  # no SUBACK
    lasts(Broker(CONNACK, SUBACK, message * 1000))
    lasts(Broker(CONNACK, SUBACK, bytes.fromhex("d0 00") * 1000))


def connections_that_are_not_taken():
    """The queue of a listener is full: SYN is not answered."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    waiting = []
    for _ in range(3):
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(("127.0.0.1", port))

    class Full:
        @staticmethod
        def address():
            return f"mqtt://127.0.0.1:{port}/a"
    lasts(Full())


def a_name_server_without_answers():
    with tempfile.NamedTemporaryFile("w") as conf, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        conf.write("nameserver 127.0.0.1\n")
        conf.flush()
        subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
        server.bind(("127.0.0.1", 53))

        class Unknown:
            @staticmethod
            def address():
                return "mqtt://broker.example/a"
        try:
            lasts(Unknown())
        finally:
            subprocess.run(["umount", "/etc/resolv.conf"], check=True)


def peak_kb(process):
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss


def broken_packets():
    cases = [(code, Broker(bytes.fromhex(packet))) for code, packet in HOSTILE.items()]
    cases += [(code, Broker(CONNACK, SUBACK + bytes.fromhex(packet))) for code, packet in HOSTILE_LATER.items()]
    for expected, broker in cases:
        process = start("listen", broker.address())
        out = process.stdout.read()
        kb = peak_kb(process)
        assert process.returncode == 8, (expected, process.returncode, out)
        assert codes(out) == {expected}, (expected, out)
        assert kb < 100_000, (expected, kb)
        gadget = start("sim", "gadget", "--mqtt", broker.address("home"))
        code, out, err = ends_in(gadget, PATIENCE_S)
        assert code == 8 and codes(out) == {expected}, (expected, code, out, err)


broken_packets()
a_silent_broker()
a_flood()
connections_that_are_not_taken()
a_name_server_without_answers()
print("hostile brokers: named errors, bounded memory, and both --duration and Ctrl-C hold")
