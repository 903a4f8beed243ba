"""A gadget of aiotctl sim at Debian's mosquitto, heard by mosquitto_sub and by aiotctl listen.

usage: sim_mqtt_test.py AIOTCTL
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BROKER = "/usr/sbin/mosquitto"
if not os.path.exists(BROKER) or not shutil.which("mosquitto_sub"):
    print("SKIP: mosquitto is not here: apt-get install mosquitto mosquitto-clients")
    sys.exit(0)

AIOTCTL = sys.argv[1]
PATIENCE_S = 60  # a loaded machine; nothing waits for it when all is well
SERIAL = "240AC4A10700"
folder = tempfile.TemporaryDirectory()


def path(name):
    return os.path.join(folder.name, name)


def write(name, text):
    with open(os.open(path(name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    return path(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()
ADDRESS = f"mqtt://127.0.0.1:{PORT}/home"
subprocess.run(["mosquitto_passwd", "-b", "-c", path("users"), "gadget", "right"], check=True)
os.chmod(path("users"), 0o600)
write("mosquitto.conf", f"listener {PORT} 127.0.0.1\nuser root\nlog_dest none\nallow_anonymous false\n"
                        f"password_file {path('users')}\n")
RIGHT = write("right.yaml", "user: gadget\npassword: right\n")
WRONG = write("wrong.yaml", "user: gadget\npassword: wrong\n")


def start_broker():
    broker = subprocess.Popen([BROKER, "-c", path("mosquitto.conf")])
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
            return broker
        except OSError:
            assert time.monotonic() < end, "mosquitto did not start"
            time.sleep(0.02)


def client(program, *args, **options):
    return subprocess.Popen([program, "-h", "127.0.0.1", "-p", str(PORT), "-u", "gadget", "-P", "right", *args],
                            stdout=subprocess.PIPE, **options)


def hear(topic, count):
    """The next messages of a topic, as (retained, topic, payload)."""
    sub = client("mosquitto_sub", "-t", topic, "-C", str(count), "-F", "%r %t %p", "-W", str(PATIENCE_S))
    out, _ = sub.communicate(timeout=2 * PATIENCE_S)
    assert sub.returncode == 0, (topic, sub.returncode)
    return [tuple(line.split(" ", 2)) for line in out.decode("ascii").splitlines()]


class Gadget:
    running = []

    def __init__(self, *args, address=ADDRESS, login=RIGHT):
        self.process = subprocess.Popen(
            [AIOTCTL, "sim", "gadget", "--jsonl", "--rate", "0", "--mqtt", address, "--credentials", login, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        Gadget.running.append(self.process)
        lines = (json.loads(line) for line in self.process.stdout)
        self.ready = next((line for line in lines if line.get("event") == "ready"), None)

    def end(self, how=signal.SIGTERM):
        if how:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        events = [json.loads(line) for line in out.splitlines()]
        return self.process.returncode, events, err.decode()


def retained_and_readings():
    gadget = Gadget("--mqtt-interval", "50ms")
    assert f"{ADDRESS}/{SERIAL}/#" in gadget.ready["addresses"], gadget.ready
    readings = hear("home/+/temperature", 3)
    for retained, topic, value in readings:
        assert retained == "0" and topic == f"home/{SERIAL}/temperature" and 20 <= float(value) < 25, readings
    assert hear("home/+/state", 1) == [("1", f"home/{SERIAL}/state", "online")]
    (retained, _, info), = hear("home/+/info", 1)
    assert retained == "1" and json.loads(info)["serial"] == SERIAL, info
    address = next(a for a in gadget.ready["addresses"] if a.startswith("mqtt:"))
    done = subprocess.run([AIOTCTL, "listen", "--jsonl", "--credentials", RIGHT, "--count", "4", address],
                          stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S)
    heard = [json.loads(line) for line in done.stdout.splitlines()]
    topics = {line["data"]["topic"] for line in heard if line["event"] == "message"}
    assert {f"home/{SERIAL}/{name}" for name in ("state", "info", "temperature")} <= topics, topics
    code, events, err = gadget.end()
    assert code == 0, (code, err)
    assert hear("home/+/state", 1) == [("1", f"home/{SERIAL}/state", "offline")]
    mqtt = next(e["data"]["mqtt"] for e in events if e["event"] == "finished")
    assert mqtt["connected"] and mqtt["published"] >= 6 and mqtt["lost"] == 0, mqtt


def killed():
    gadget = Gadget("--mqtt-interval", "50ms")
    hear("home/+/temperature", 1)
    gadget.end(signal.SIGKILL)
    assert hear("home/+/state", 1)[0][2] == "offline"


def flood():
    gadget = Gadget("--mqtt-interval", "1h", "--mqtt-rate", "2000")
    numbers = [int(payload.split()[1]) for _, _, payload in hear("home/+/flood", 1000)]
    assert numbers == sorted(set(numbers)), "out of order"
    for rate in ("0", "500"):
        pub = client("mosquitto_pub", "-t", f"home/{SERIAL}/flood/rate", "-m", rate, "-q", "1")
        pub.communicate(timeout=PATIENCE_S)
        assert pub.returncode == 0, pub.returncode
    assert len(hear("home/+/flood", 500)) == 500
    code, events, err = gadget.end()
    assert code == 0, (code, err)
    mqtt = next(e["data"]["mqtt"] for e in events if e["event"] == "finished")
    assert mqtt["published"] >= 1500, mqtt


def broker_restarts(broker):
    gadget = Gadget("--mqtt-interval", "50ms")
    hear("home/+/temperature", 1)
    broker.terminate()
    broker.wait(PATIENCE_S)
    broker = start_broker()
    hear("home/+/temperature", 2)
    assert hear("home/+/state", 1) == [("1", f"home/{SERIAL}/state", "online")]
    code, events, _ = gadget.end()
    assert code == 0, code
    notices = [e["code"] for e in events if e["event"] == "notice"]
    assert notices == ["sim.mqtt-lost", "sim.mqtt-back"], notices
    return broker


def refusals():
    code, events, _ = Gadget(login=WRONG).end(how=None)
    assert code == 7 and events[-1]["event"] == "end", (code, events)
    text = json.dumps(events)
    assert "mqtt.login" in text and "right" not in text, text
    for address in (f"tcp://127.0.0.1:{PORT}", f"{ADDRESS}/+/x", "mqtt://"):
        code, _, _ = Gadget(address=address).end(how=None)
        assert code == 2, (address, code)
    alone = subprocess.run([AIOTCTL, "sim", "gadget", "--mqtt-rate", "5"], stderr=subprocess.PIPE, check=False,
                           timeout=PATIENCE_S)
    assert alone.returncode == 2 and b"not a broker to publish at" in alone.stderr, alone


def waits_for_a_broker():
    gadget = Gadget("--mqtt-interval", "50ms")
    for line in gadget.process.stdout:
        if json.loads(line).get("code") == "sim.mqtt-away":
            break
    broker = start_broker()
    hear("home/+/temperature", 1)
    assert gadget.end()[0] == 0
    return broker


server = waits_for_a_broker()
try:
    retained_and_readings()
    killed()
    flood()
    server = broker_restarts(server)
    refusals()
finally:
    for process in Gadget.running:
        process.kill()
    server.terminate()
    server.wait(PATIENCE_S)
    folder.cleanup()
print("a gadget at mosquitto: retained state, readings, will, flood, restarts and refusals")
