"""aiotctl listen on a serial port that is unplugged and plugged in again: a real pseudo-terminal behind a stable
name, as udev makes one; what is heard before and after, and the counts.

usage: real_replug_test.py AIOTCTL
"""
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
import tty

AIOTCTL = sys.argv[1]
PATIENCE_S = 60  # a loaded machine; nothing waits for it when all is well
folder = tempfile.TemporaryDirectory()
NAME = os.path.join(folder.name, "usb-Sensor_0001-if00-port0")


class Adapter:
    """A serial adapter with a device behind it."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.node = os.ttyname(self.slave)
        # As udevd makes a name: in one step.
        os.symlink(self.node, NAME + ".new")
        os.rename(NAME + ".new", NAME)

    def say(self, data):
        assert os.write(self.master, data) == len(data)

    def hear(self, size):
        data = b""
        while len(data) < size:
            data += os.read(self.master, size)
        return data

    def unplug(self):
        os.unlink(NAME)
        os.close(self.slave)
        os.close(self.master)


def start(*args):
    return subprocess.Popen([AIOTCTL, "listen", "--jsonl", *args, f"serial:{NAME}"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def next_event(listener, kind):
    """The next event of a kind; what comes before it is given, too."""
    before = []
    for line in listener.stdout:
        event = json.loads(line)
        if event["event"] == kind:
            return event, before
        before.append(event)
    raise AssertionError(f"no {kind}: {before} {listener.stderr.read()}")


def payload(listener):
    return next_event(listener, "message")[0]["data"]["payload"]


def notice(listener):
    event, before = next_event(listener, "notice")
    return event["code"], [one["data"]["payload"] for one in before if one["event"] == "message"]


def wait_gone(node):
    """Until the listener has let go of it, the kernel keeps the number."""
    end = time.monotonic() + PATIENCE_S
    while os.path.exists(node):
        assert time.monotonic() < end, node
        time.sleep(0.01)


def goes_on_after_replugs():
    adapter = Adapter()
    listener = start("--send")
    heard = []
    for plug in range(3):
        adapter.say(b"boot %d\r\n" % plug)
        heard.append(payload(listener))
        # Its input reaches the device that is there now.
        listener.stdin.write(b"status %d\n" % plug)
        listener.stdin.flush()
        assert adapter.hear(9) == b"status %d\n" % plug
        adapter.say(b"cut off %d" % plug)
        assert payload(listener) == f"cut off {plug}"  # after the idle time
        adapter.say(b"more %d" % plug)
        node = adapter.node
        adapter.unplug()
        code, begun = notice(listener)
        assert code == "listen.lost", code
        assert begun in ([], [f"more {plug}"]), begun  # the kernel may drop it with the line
        heard += [f"cut off {plug}", *begun]
        wait_gone(node)
        adapter = Adapter()
        assert notice(listener) == ("listen.back", [])
    adapter.say(b"the end\n")
    assert payload(listener) == "the end"
    heard.append("the end")
    listener.send_signal(2)
    out, err = listener.communicate(timeout=PATIENCE_S)
    lines = [json.loads(line) for line in out.splitlines()]
    assert listener.returncode == 0 and lines[-1]["event"] == "end", (listener.returncode, err)
    report = next(line["data"] for line in lines if line["event"] == "finished")
    assert report["messages"] == len(heard), (report, heard)
    assert report["bytes"] == sum(len(text) for text in heard), (report, heard)
    assert report["ended_by"] == "stop" and not report["sources"][0]["failed"], report
    adapter.unplug()


def ends_with_the_port():
    """--no-reconnect: an unplug is the end, and no failure."""
    adapter = Adapter()
    listener = start("--no-reconnect")
    adapter.say(b"one\n")
    assert payload(listener) == "one"
    adapter.unplug()
    out, err = listener.communicate(timeout=PATIENCE_S)
    report = next(line["data"] for line in map(json.loads, out.splitlines()) if line["event"] == "finished")
    assert listener.returncode == 0, err
    assert report["ended_by"] == "sources" and report["messages"] == 1, report


def ends_with_the_program_behind_it():
    """A pseudo-terminal by its own name: when its program is gone, nothing can come back under that number."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    listener = subprocess.Popen([AIOTCTL, "listen", "--jsonl", f"serial:{os.ttyname(slave)}"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(master, b"one\n")
    assert payload(listener) == "one"
    os.close(slave)
    os.close(master)
    try:
        out, err = listener.communicate(timeout=PATIENCE_S)
    finally:
        listener.kill()
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["code"] for event in events if event["event"] == "notice"] == ["listen.lost", "listen.ended"], events
    report = next(event["data"] for event in events if event["event"] == "finished")
    assert report["ended_by"] == "sources" and report["messages"] == 1, report
    assert listener.returncode == 0 and events[-1]["event"] == "end", (listener.returncode, err)


goes_on_after_replugs()
ends_with_the_port()
ends_with_the_program_behind_it()
folder.cleanup()
print("unplugged and plugged in again: heard before and after, counted, and its input goes on")
