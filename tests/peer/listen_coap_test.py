"""aiotctl listen observes a resource of libcoap's server, which is restarted: at once, and after it was missed.
Both run side by side; they take as long as the resource's Max-Age and RFC 7641 (3.3.1) say, half a minute.

usage: listen_coap_test.py AIOTCTL
"""
import json
import os
import signal
import socket
import subprocess
import sys
import time

AIOTCTL = sys.argv[1]
SERVER = "/usr/bin/coap-server-notls"
PATIENCE_S = 120  # a loaded machine; nothing waits for it when all is well
if not os.path.exists(SERVER):
    print("SKIP: coap-server-notls is not here: apt-get install libcoap3-bin")
    sys.exit(0)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_bound(port):
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1] == f"0100007F:{port:04X}" for line in list(table)[1:])


class Observed:
    """A server, and aiotctl that observes its clock."""

    def __init__(self):
        self.port = free_port()
        self.server = None
        self.start()
        self.listener = subprocess.Popen([AIOTCTL, "listen", "--jsonl", f"coap://127.0.0.1:{self.port}/time"],
                                         stdout=subprocess.PIPE)
        self.messages = 0
        assert self.next() == "message" and self.next() == "message"

    def start(self):
        self.server = subprocess.Popen([SERVER, "-A", "127.0.0.1", "-p", str(self.port)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_S
        while not is_bound(self.port):
            assert time.monotonic() < end, "coap-server did not start"
            time.sleep(0.01)

    def kill(self):
        self.server.kill()
        self.server.wait(PATIENCE_S)

    def next(self):
        """What is told next: "message", or the code of a notice."""
        line = self.listener.stdout.readline()
        assert line, "aiotctl has ended"
        event = json.loads(line)
        if event["event"] == "notice":
            return event["code"]
        if event["event"] != "message":
            return self.next()
        assert event["data"]["coap"]["code"] == "2.05" and event["data"]["payload"], event
        self.messages += 1
        return "message"

    def next_but_late(self, what):
        """The same, after messages that were under way when the server was killed."""
        told = self.next()
        while told == "message" and told != what:
            told = self.next()
        return told

    def finish(self):
        self.listener.send_signal(signal.SIGINT)
        out, _ = self.listener.communicate(timeout=PATIENCE_S)
        lines = [json.loads(line) for line in out.splitlines()]
        late = sum(line["event"] == "message" for line in lines)
        report = next(line["data"] for line in lines if line["event"] == "finished")
        assert self.listener.returncode == 0, self.listener.returncode
        assert report["messages"] == self.messages + late, (report, self.messages, late)

    def close(self):
        self.server.kill()
        self.server.wait(PATIENCE_S)
        self.listener.kill()


missed, quick = Observed(), Observed()
try:
    missed.kill()
    quick.kill()
    # The new server knows of no observer: only who asks again hears it.
    quick.start()
    heard = quick.messages
    while quick.messages < heard + 3:
        assert quick.next() == "message", "a server that answers again was called lost"
    told = missed.next_but_late("listen.lost")
    assert told == "listen.lost", told
    missed.start()
    told = missed.next()
    assert told == "listen.back", told
    assert missed.next() == "message" and missed.next() == "message"
    for one in (missed, quick):
        one.finish()
finally:
    missed.close()
    quick.close()
print("libcoap's server, restarted: observed again, with and without having been missed")
