"""aiotctl listen with programs nobody here wrote: logger of util-linux (syslog over UDP and TCP, in both
forms), ser2net (RFC 2217), and plain sockets; in a network of its own.

usage: listen_test.py AIOTCTL
"""
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tty

if os.environ.get("AIOT_OWN_NETWORK") != "yes":
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        print("SKIP: a network of its own needs root, unshare and ip")
        sys.exit(0)
    os.environ["AIOT_OWN_NETWORK"] = "yes"
    os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
# ser2net's look-up wants an address beside the loopback's.
for command in ("link set lo up", "link add v0 type veth peer name v1",
                "addr add 192.0.2.1/24 dev v0", "link set v0 up", "link set v1 up"):
    subprocess.run(["ip", *command.split()], check=True)

AIOTCTL = sys.argv[1]
PATIENCE_S = 60  # a loaded machine; nothing waits for it when all is well


def start(*args, **options):
    return subprocess.Popen([AIOTCTL, "listen", *args], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **options)


def finish(process):
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err.decode()


def messages(out):
    lines = [json.loads(line) for line in out.decode("utf-8").splitlines()]
    assert lines[-1]["event"] == "end", lines[-1]
    return [line["data"] for line in lines if line["event"] == "message"], lines[-2]["data"]


def wait_for(what, seen):
    end = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def is_bound(kind, port):
    with open(f"/proc/net/{kind}", encoding="ascii") as table:
        return any(line.split()[1].endswith(f":{port:04X}") for line in list(table)[1:])


def syslog_by_logger():
    if not shutil.which("logger"):
        print("SKIP: logger is not here: apt-get install bsdutils")
        return
    listener = start("--jsonl", "--count", "5", "syslog://127.0.0.1:5514")
    wait_for("bound", lambda: is_bound("udp", 5514) and is_bound("tcp", 5514))
    common = ["logger", "-n", "127.0.0.1", "-P", "5514", "-t", "app", "-p", "daemon.warning"]
    forms = [["-d", "--rfc5424", "--msgid", "ID1", "--sd-id", "a@1", "--sd-param", 'x="y"'],
             ["-d", "--rfc3164", "--id=42"],
             ["-T", "--rfc5424"], ["-T", "--rfc3164"], ["-T", "--octet-count", "--rfc5424"]]
    for number, form in enumerate(forms):
        subprocess.run([*common, *form, f"message {number}"], check=True, timeout=PATIENCE_S)
    code, out, err = finish(listener)
    assert code == 0, (code, err)
    heard, result = messages(out)
    heard.sort(key=lambda message: message["payload"])
    assert [m["payload"] for m in heard] == [f"message {n}" for n in range(5)], heard
    for message in heard:
        assert message["severity"] == 4 and message["syslog"]["facility"] == "daemon", message
        assert message["syslog"]["app"] == "app", message
        assert message["syslog"]["host"], message
        assert message["from"].startswith("127.0.0.1:"), message
    assert heard[0]["syslog"]["id"] == "ID1"
    assert heard[0]["syslog"]["structured"]["a@1"] == {"x": "y"}
    assert heard[1]["syslog"]["process"] == "42"
    assert result["messages"] == 5 and result["ended_by"] == "count", result


def serial_by_ser2net():
    program = shutil.which("ser2net") or shutil.which("/usr/sbin/ser2net")
    if not program:
        print("SKIP: ser2net is not here: apt-get install ser2net")
        return
    master, slave = pty.openpty()
    tty.setraw(slave)
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "ser2net.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write("%YAML 1.1\n---\nconnection: &device\n"
                       "  accepter: telnet(rfc2217),tcp,127.0.0.1,4000\n  enable: on\n"
                       f"  connector: serialdev,{os.ttyname(slave)},115200n81,local\n")
        server = subprocess.Popen([program, "-n", "-u", "-c", config])
        try:
            wait_for("ser2net", lambda: is_bound("tcp", 4000))
            listener = start("--send", "--expect", "answer", "--timeout", f"{PATIENCE_S}s",
                             "--jsonl", "rfc2217://127.0.0.1:4000", stdin=subprocess.PIPE)
            listener.stdin.write(b"status\r")
            listener.stdin.flush()
            said = b""
            while not said.endswith(b"status\r"):
                said += os.read(master, 100)
            os.write(master, b"\xff\xfe\x00bin\r\nthe answer\r\n")
            code, out, err = finish(listener)
            assert code == 0, (code, err)
            heard, result = messages(out)
            assert heard[0]["payload_base64"] == "//4AYmlu", heard
            assert heard[1]["payload"] == "the answer", heard
            assert result["matched"] == "the answer", result
        finally:
            server.kill()
            server.wait(PATIENCE_S)


def sockets():
    server = socket.create_server(("127.0.0.1", 5000))
    listener = start("--jsonl", "tcp://127.0.0.1:5000")
    connection, _ = server.accept()
    connection.sendall(b"one\r\ntw")
    connection.sendall(b"o\nrest")
    connection.close()
    code, out, _ = finish(listener)
    heard, result = messages(out)
    assert code == 0 and [m["payload"] for m in heard] == ["one", "two", "rest"], heard
    assert result["ended_by"] == "sources", result

    listener = start("--jsonl", "--filter", "payload~^wanted", "--count", "1", "udp://127.0.0.1:5001")
    wait_for("bound", lambda: is_bound("udp", 5001))
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for text in (b"other", b"wanted\x00\xff"):
        sender.sendto(text, ("127.0.0.1", 5001))
    code, out, _ = finish(listener)
    heard, result = messages(out)
    assert code == 0 and heard[0]["payload_base64"] == "d2FudGVkAP8=", heard
    assert result["filtered"] == 1, result


def ends():
    server = socket.create_server(("127.0.0.1", 5000))
    # Ctrl-C: a good end, with the counts.
    listener = start("--jsonl", "tcp://127.0.0.1:5000")
    connection, _ = server.accept()
    connection.sendall(b"one\n")
    first = listener.stdout.readline()
    assert json.loads(first)["data"]["payload"] == "one"
    listener.send_signal(signal.SIGINT)
    code, out, _ = finish(listener)
    assert code == 0 and json.loads(out.splitlines()[0])["data"]["ended_by"] == "stop", out

    # A reader that leaves.
    listener = start("--jsonl", "tcp://127.0.0.1:5000")
    connection, _ = server.accept()
    connection.sendall(b"one\n")
    listener.stdout.readline()
    listener.stdout.close()
    assert listener.wait(PATIENCE_S) == 0

    # The check that fails, and the one that is stopped.
    listener = start("--fail-on", "panic", "tcp://127.0.0.1:5000")
    connection, _ = server.accept()
    connection.sendall(b"kernel panic\n")
    code, _, err = finish(listener)
    assert code == 9 and "kernel panic" in err, (code, err)
    listener = start("--expect", "never", "tcp://127.0.0.1:5000")
    connection, _ = server.accept()
    listener.send_signal(signal.SIGTERM)
    assert finish(listener)[0] == 143
    listener = start("--expect", "never", "--timeout", "200ms", "tcp://127.0.0.1:5000")
    connection, _ = server.accept()
    assert finish(listener)[0] == 6


syslog_by_logger()
serial_by_ser2net()
sockets()
ends()
print("listen: logger, ser2net, sockets, and how it ends")
