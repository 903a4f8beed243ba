"""golden.py AIOTCTL MAKE-IMAGES [--update] [NAME…]: the JSON of every command, held against expected/NAME.json.

Each command runs on virtual devices and made files, in a network of its own where that can be had. What varies
from run to run (times, rates, ports, pseudo-terminals, measured figures) is replaced by a value of the same JSON
type, and so are texts for people: messages may be reworded, codes and fields may not change unnoticed. A change
that is meant is recorded with --update and named in CHANGELOG.md.
"""

import contextlib
import difflib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tty

import captures

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "expected"
PATIENCE_S = 120  # a loaded machine; nothing waits for it when all is well

arguments = [word for word in sys.argv[1:] if word != "--update"]
UPDATE = "--update" in sys.argv
TOOL, MAKE_IMAGES = (os.path.abspath(word) for word in arguments[:2])
ONLY = arguments[2:]

# Figures that depend on the clock, on this machine or on the pace of a link; each is shown as 0.
MEASURED = re.compile(
    r"(^|_)(time_s|seconds|wall_s|warm_up_s|cpu_s|us|per_second|per_s|spread|share|change|ms|rate)$"
    r"|^(load|mhz|temperature)_(before|after)|^(warm_up_runs|preempted|throttled|others_cpus|steal_share|clock_error"
    r"|peak_rss_bytes|bytes_in|bytes_out|commands|inferences|lines|lines_lost|from_us|to_us|percentile_error)$")
PROSE = {"message", "hint", "text", "description", "explanation", "detail", "reason", "ecosystem_reason",
         "fault_grammar", "lost_reason"}
FIXED = {"version": "0.0.0", "time": "2000-01-01T00:00:00.000000Z"}
# A property of this machine or of its load at that moment: only that there is one.
OPEN = {"machine", "spoiled", "histogram", "around", "peak", "isa", "cpus", "worse"}
# Whether and how often these come depends on the clock.
TIMED_EVENTS = {"progress", "log"}
HOST_NOTICES = {"bench.busy", "bench.crowded", "bench.device_clock", "bench.frequency", "bench.preempted",
                "bench.stolen", "bench.throttled", "bench.window_repeated"}


def shape(value):
    """The type alone, for what is this machine's."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return []
    return "<any>" if isinstance(value, str) else True if isinstance(value, bool) else None if value is None else 0


class Normaliser:
    """Replaces what varies; pseudo-terminals, ports and MACs are numbered in the order in which they are seen."""

    def __init__(self, folder, mac_prefix):
        self.folder, self.mac_prefix = str(folder), mac_prefix
        self.seen = {}

    def word(self, text):
        text = text.replace(self.folder, "FOLDER").replace(self.mac_prefix, "02:00:00:00")
        text = text.replace(self.mac_prefix.replace(":", ""), "02000000")
        text = re.sub(r"/dev/pts/\d+", lambda m: self.numbered("/dev/pts/", m[0]), text)
        text = re.sub(r"((?:127\.0\.0\.\d+|localhost|\[::1\]):)(\d{4,5})\b",
                      lambda m: m[1] + self.numbered("PORT", m[2]), text)
        text = re.sub(r"^2\d\.\d$|(?<=temperature )2\d\.\d", "20.0", text)
        text = re.sub(r"\bI \(\d+\) gadget: line \d+", "I (0) gadget: line 1", text)
        return re.sub(r"\b\d+(\.\d+)? (µs|ms|s|KiB/s|MiB/s|kB/s)\b", r"0 \2", text)

    def numbered(self, kind, word):
        known = self.seen.setdefault(kind, {})
        return f"{kind}{known.setdefault(word, len(known) + 1)}"

    def value(self, key, value):
        if isinstance(value, bool) or value is None:
            return value
        if key in OPEN and not (key == "cpus" and isinstance(value, int)):
            return shape(value)
        if key in FIXED and isinstance(value, str):
            return FIXED[key]
        if key in PROSE and isinstance(value, str):
            return "<text>"
        if isinstance(value, dict):
            return {inner: self.value(inner, content) for inner, content in value.items()}
        if isinstance(value, list):
            return [self.value(key, content) for content in value if not is_about_the_host(content)]
        if isinstance(value, str):
            return self.word(value)
        return 0 if MEASURED.search(key) else value


def is_about_the_host(value):
    """A notice of how busy this machine is."""
    return isinstance(value, dict) and value.get("code") in HOST_NOTICES


def events(lines, several, normaliser):
    """An event stream without what the clock decides; of several devices, which run side by side, one by one."""
    kept = [line for line in lines if line.get("event") not in TIMED_EVENTS and not is_about_the_host(line)]
    kept = [normaliser.value("", line) for line in kept]
    if several:  # in the order of the command, which numbers them
        kept.sort(key=lambda line: (line.get("event") == "end", line.get("device", "")))
    return kept


class Devices:
    """Virtual devices of `aiotctl sim`, ended with the test."""

    def __init__(self, stack, mac_prefix):
        self.stack, self.mac_prefix, self.count = stack, mac_prefix, 0

    def start(self, *options, mac=True, count=1):
        options = list(options)
        if mac:
            self.count += 1
            options += ["--mac", f"{self.mac_prefix}:{self.count:02x}:00"]
        process = subprocess.Popen([TOOL, "sim", *options, "--count", str(count)], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        self.stack.callback(self.end, process)
        ready = [json.loads(process.stdout.readline()) for _ in range(count)]
        return ready[0]["address"] if count == 1 else [line["address"] for line in ready]

    @staticmethod
    def end(process):
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        process.stdout.close()


class Golden:
    def __init__(self, folder, stack):
        pid = os.getpid()
        # No other device has this MAC, in no test that runs beside this one.
        self.mac_prefix = f"02:{pid >> 16 & 255:02x}:{pid >> 8 & 255:02x}:{pid & 255:02x}"
        self.folder, self.stack = folder, stack
        self.devices = Devices(stack, self.mac_prefix)
        self.failed, self.ran = [], 0

    def run(self, name, *command, given=None, several=False, meanwhile=None, stop_after=None):
        """`aiotctl COMMAND` and what it printed; `meanwhile` runs beside it, `stop_after` lines end it by SIGTERM."""
        if ONLY and name not in ONLY:
            return
        self.ran += 1
        command = [str(word) for word in command]
        process = subprocess.Popen([TOOL, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        if meanwhile:
            threading.Thread(target=meanwhile, daemon=True).start()
        try:
            head = ""
            if stop_after:
                for _ in range(stop_after):
                    head += process.stdout.readline()
                process.send_signal(signal.SIGTERM)
            out, err = process.communicate(given, timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.failed.append(name)
            print(f"{name}: still running after {PATIENCE_S} s: {err}")
            return
        self.compare(name, command, process.returncode, head + out, err, several)

    def compare(self, name, command, code, out, err, several):
        normaliser = Normaliser(self.folder, self.mac_prefix)
        record = {"command": [normaliser.word(word) for word in command], "exit": code}
        try:
            if "--json" in command:
                record["document"] = normaliser.value("", json.loads(out))
            else:
                lines = [json.loads(line) for line in out.splitlines()]
                record["lines"] = events(lines, several, normaliser)
        except ValueError as problem:
            record["not_json"] = f"{problem}: {out}"
        text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        path = EXPECTED / f"{name}.json"
        expected = path.read_text() if path.exists() else ""
        if text == expected:
            return
        if UPDATE:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            return
        self.failed.append(name)
        difference = difflib.unified_diff(expected.splitlines(), text.splitlines(), f"expected/{name}.json",
                                          "this run", lineterm="", n=2)
        print("\n".join(difference))
        if err:
            print(f"standard error: {err[-1000:]}")

    # ---- the commands ----

    def files(self):
        folder = self.folder
        images = folder / "images"
        subprocess.run([MAKE_IMAGES, "--chip", "esp32", "--size", "64K", images], check=True,
                       stdout=subprocess.DEVNULL)
        (folder / "app.elf").write_bytes(captures.small_elf())
        (folder / "plain.bin").write_bytes(bytes(range(256)) * 80)
        (folder / "other.bin").write_bytes(bytes(255 - byte for byte in range(256)) * 80)
        (folder / "small.bin").write_bytes(bytes(range(256)) * 16)
        (folder / "broken.bin").write_bytes((images / "app.bin").read_bytes()[:3000])
        (folder / "broken.yaml").write_text("flash: [\n")
        return images

    def image_verbs(self, images):
        folder = self.folder
        for file in ("app.bin", "bootloader.bin", "partitions.bin", "storage.bin"):
            self.run(f"image-{file.removesuffix('.bin')}", "flash", "image", "--json", images / file)
        self.run("image-build", "flash", "image", "--json", images)
        self.run("image-elf", "flash", "image", "--json", folder / "app.elf")
        self.run("image-broken", "flash", "image", "--json", folder / "broken.bin")
        self.run("image-missing", "flash", "image", "--json", folder / "missing.bin")
        self.run("image-jsonl", "flash", "image", "--jsonl", images / "app.bin")
        for form, source in (("raw", folder / "app.elf"), ("hex", folder / "app.elf"),
                             ("elf-segments", folder / "app.elf"), ("esp-image", folder / "app.elf"),
                             ("partition-csv", images / "partitions.bin"),
                             ("partition-table", images / "partitions.csv")):
            self.run(f"convert-{form}", "flash", "image", "--json", "--convert", form, "-o", folder / f"out-{form}",
                     source, "--chip", "esp32c3")
        self.run("convert-dry-run", "flash", "image", "--json", "-n", "--convert", "hex", "-o", folder / "dry",
                 folder / "app.elf")
        self.run("convert-wrong", "flash", "image", "--json", "--convert", "partition-csv", "-o", folder / "dry",
                 folder / "app.elf")
        pieces = [images / name for name in ("bootloader.bin", "partitions.bin", "app.bin")]
        self.run("merge", "flash", "merge", "--json", "-o", folder / "merged.bin", *pieces)
        self.run("merge-dry-run", "flash", "merge", "--json", "-n", "-o", folder / "none.bin", *pieces)
        self.run("merge-overlap", "flash", "merge", "--json", "-o", folder / "none.bin",
                 f"{folder}/plain.bin@0x1000", f"{folder}/other.bin@0x2000")
        self.run("image-merged", "flash", "image", "--json", folder / "merged.bin")

    def flash_verbs(self, images):
        folder = self.folder
        plain, other = f"{folder}/plain.bin@0x110000", f"{folder}/other.bin@0x110000"
        chip = ("esp32", "--profile", "fast")
        device = self.devices.start(*chip)
        self.run("write-dry-run", "flash", "write", "--json", "-n", device, images)
        self.run("write", "flash", "write", "--json", device, images)
        self.run("write-again", "flash", "write", "--json", device, images)
        self.run("write-jsonl", "flash", "write", "--jsonl", device, plain)
        self.run("write-partition", "flash", "write", "--json", "--full", "--no-verify", device,
                 f"{folder}/small.bin@nvs")
        self.run("verify", "flash", "verify", "--json", device, plain)
        self.run("verify-differs", "flash", "verify", "--json", device, other)
        self.run("verify-differs-jsonl", "flash", "verify", "--jsonl", device, other)
        self.run("read-partition", "flash", "read", "--json", device, "-p", "nvs", "-o", folder / "nvs.bin")
        self.run("read-region", "flash", "read", "--json", device, "--offset", "0x8000", "--size", "4K", "-o",
                 folder / "table.bin")
        self.run("read-dry-run", "flash", "read", "--json", "-n", device, "-p", "nvs", "-o", folder / "none.bin")
        self.run("read-no-partition", "flash", "read", "--json", device, "-p", "none", "-o", folder / "none.bin")
        self.run("erase-partition", "flash", "erase", "--json", device, "-p", "nvs", "--yes")
        self.run("erase-dry-run", "flash", "erase", "--json", "-n", device, "-p", "nvs", "--yes")
        self.run("erase-unconfirmed", "flash", "erase", "--json", device, "--all")
        self.run("info", "flash", "info", "--json", device)
        self.run("info-jsonl", "flash", "info", "--jsonl", device)
        self.run("info-no-stub", "flash", "info", "--json", "--no-stub", device)
        self.run("reset", "flash", "reset", "--json", device)
        self.run("write-other-chip", "flash", "write", "--json", device, images, "--chip", "esp32c3")
        self.run("write-beyond", "flash", "write", "--json", device, f"{folder}/plain.bin@0x3ff000")
        self.run("write-missing-file", "flash", "write", "--json", device, f"{folder}/missing.bin@0")
        self.run("write-overlap", "flash", "write", "--json", device, plain, f"{folder}/other.bin@0x111000")
        self.run("write-twice", "flash", "write", "--json", device, device, plain)
        self.run("info-no-port", "flash", "info", "--json", "/dev/no-such-port")
        c3 = self.devices.start("esp32c3", "--profile", "fast", "--port", "tcp:0")
        self.run("info-c3-tcp", "flash", "info", "--json", c3)
        lost = self.devices.start(*chip, "--port", "tcp:0", "--fault", "drop@data:forever")
        self.run("write-link-lost", "flash", "write", "--json", lost, plain)
        secured = self.devices.start(*chip, "--fault", "secure-boot")
        self.run("write-secured", "flash", "write", "--json", secured, plain)
        self.run("write-two-one-secured", "flash", "write", "--json", device, secured, other, several=True)
        self.run("write-two-one-secured-jsonl", "flash", "write", "--jsonl", device, secured, plain, several=True)
        self.run("info-two", "flash", "info", "--json", device, c3, several=True)
        refusing = self.devices.start(*chip, "--fault", "write-protected:0x110000+0x5000:error")
        self.run("write-refused", "flash", "write", "--json", refusing, plain)

    def discover_verbs(self):
        room, nothing, adverts = (self.folder / name for name in ("room.pcap", "nothing.pcap", "phone.btsnoop"))
        captures.write_pcap(room)
        captures.write_pcap(nothing, [])
        captures.write_btsnoop(adverts)
        self.run("discover-pcap", "discover", "--json", "--pcap", room)
        self.run("discover-pcap-jsonl", "discover", "--jsonl", "--pcap", room)
        self.run("discover-where", "discover", "--json", "--pcap", room, "--where", "state=unprovisioned")
        self.run("discover-where-jsonl", "discover", "--jsonl", "--pcap", room, "--where", "ecosystem=matter")
        self.run("discover-where-none", "discover", "--json", "--pcap", room, "--where", "name=nobody")
        self.run("discover-where-wrong", "discover", "--json", "--pcap", room, "--where", "name=")
        self.run("discover-btsnoop", "discover", "--json", "--btsnoop", adverts)
        self.run("discover-both", "discover", "--json", "--pcap", room, "--btsnoop", adverts)
        self.run("discover-empty", "discover", "--json", "--pcap", nothing)
        self.run("discover-no-capture", "discover", "--json", "--pcap", self.folder / "plain.bin")
        self.run("discover-list", "discover", "--json", "--list")
        self.run("discover-unknown-source", "discover", "--json", "--only", "nonsense")

    def listen_serial(self, name, talk, *options):
        """`listen` on a pseudo-terminal of its own, whose device sends `talk` before it is opened."""
        device, terminal = os.openpty()
        tty.setraw(terminal)
        os.write(device, talk)
        self.run(name, "listen", *options, os.ttyname(terminal))
        os.close(device)
        os.close(terminal)

    def listen_verbs(self):
        talk = b"boot\r\n" b"\x1b[31mred\x1b[0m \xc3\xa9\n" b"\xff\xfe not text\n" b"app: ready\n"
        self.listen_serial("listen-serial", talk, "--json", "--expect", "ready")
        self.listen_serial("listen-serial-jsonl", talk, "--jsonl", "--count", "4")
        self.listen_serial("listen-fail-on", talk, "--json", "--fail-on", "red")
        self.listen_serial("listen-filter", b"one\nboot\n", "--json", "--filter", "payload=boot", "--expect", "boot")
        self.listen_serial("listen-timeout", b"", "--json", "--expect", "never", "--timeout", "300ms")
        self.listen_serial("listen-bad-regex", b"", "--json", "--expect", "(")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def syslog():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind(("127.0.0.1", 0))
                end = time.monotonic() + PATIENCE_S
                while not is_bound(port) and time.monotonic() < end:
                    time.sleep(0.01)
                for line in (b"<28>1 2026-01-02T03:04:05Z box app 42 ID1 [a@1 x=\"y\"] message 0",
                             b"<13>Jan  2 03:04:05 box app[42]: message 1"):
                    sender.sendto(line, ("127.0.0.1", port))

        self.run("listen-syslog", "listen", "--json", "--count", "2", f"syslog://127.0.0.1:{port}", meanwhile=syslog)
        self.run("listen-list", "listen", "--json", "--list")
        self.run("listen-closed", "listen", "--json", "--no-reconnect", "tcp://127.0.0.1:1")
        self.run("listen-bad-address", "listen", "--json", "nonsense://x")
        gadget = subprocess.Popen([TOOL, "sim", "gadget", "--rate", "20"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        self.stack.callback(Devices.end, gadget)
        ready = json.loads(gadget.stdout.readline())
        coap = next(address for address in ready["addresses"] if address.startswith("coap://127.0.0.1"))
        self.run("listen-gadget", "listen", "--json", "--count", "1", "--framing", "line", "--expect", "line",
                 ready["address"])
        self.run("listen-coap", "listen", "--json", "--count", "2", coap)

    def bench_verbs(self):
        # Every machine has the scalar kernels: memory and engine are the same everywhere.
        quick = ("--runs", "20", "--warm-up", "1ms", "--no-peak", "--isa", "scalar")
        (self.folder / "input").write_bytes(bytes(byte % 256 for byte in range(490)))
        (self.folder / "short").write_bytes(bytes(10))
        self.run("bench-run", "bench", "run", "--json", "ad", "kws", *quick)
        self.run("bench-run-jsonl", "bench", "run", "--jsonl", "ad", *quick)
        self.run("bench-run-no-profile", "bench", "run", "--json", "ad", "--no-profile", *quick)
        self.run("bench-infer", "bench", "run", "--json", "kws", "--isa", "scalar", "-i", self.folder / "input")
        self.run("bench-infer-short", "bench", "run", "--json", "kws", "-i", self.folder / "short")
        self.run("bench-run-unknown", "bench", "run", "--json", "kwz")
        device = self.devices.start("--bench", "kws", "--profile", "fast", "--latency", "20ms", mac=False)
        self.run("bench-device", "bench", "device", "--json", device, "--model", "kws")
        self.run("bench-device-jsonl", "bench", "device", "--jsonl", device, "--model", "kws")
        wrong = self.devices.start("--bench", "kws", "--profile", "fast", "--latency", "20ms", "--fault",
                                   "wrong-output:3", mac=False)
        self.run("bench-device-differs", "bench", "device", "--json", wrong, "--model", "kws")
        self.run("bench-device-two", "bench", "device", "--json", device, wrong, "--model", "kws", several=True)
        self.run("bench-device-no-port", "bench", "device", "--json", "/dev/no-such-port")

    def the_rest(self):
        self.run("config-show", "config", "show", "--json", "--origin")
        self.run("config-path", "config", "path", "--json")
        self.run("config-broken", "config", "show", "--json", "--config", self.folder / "broken.yaml")
        self.run("schema-unknown", "schema", "--json", "aiot.flush/1")
        self.run("sim-list", "sim", "--list", "--json")
        self.run("sim-jsonl", "sim", "--jsonl", "esp32", "--count", "2", "--mac", f"{self.mac_prefix}:f0:00",
                 stop_after=4)
        self.run("sim-unknown", "sim", "--jsonl", "esp99")
        self.run("usage-command", "--json", "nonsense")
        self.run("usage-verb", "flash", "raed", "--json")
        self.run("usage-option", "flash", "info", "--json", "--no-such-option")
        self.run("usage-value", "flash", "info", "--json", "--before", "never", "/dev/ttyUSB0")
        self.run("usage-missing", "flash", "read", "--json", "/dev/ttyUSB0")
        self.run("usage-jsonl", "discover", "--jsonl", "--timeout", "soon")


def is_bound(port):
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1].endswith(f":{port:04X}") for line in list(table)[1:])


def main():
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for variable in [name for name in os.environ if name.startswith(("AIOT_", "XDG_")) or name == "NO_COLOR"]:
            del os.environ[variable]
        os.environ.update(HOME=str(folder), XDG_CACHE_HOME=f"{folder}/cache", XDG_CONFIG_HOME=f"{folder}/config",
                          TZ="UTC", LC_ALL="C.UTF-8")
        os.chdir(folder)
        golden = Golden(folder, stack)
        images = golden.files()
        golden.image_verbs(images)
        golden.flash_verbs(images)
        golden.discover_verbs()
        golden.listen_verbs()
        golden.bench_verbs()
        golden.the_rest()
    print(f"{golden.ran} commands, {len(golden.failed)} differ: {' '.join(golden.failed)}")
    sys.exit(1 if golden.failed else 0)


def enter_network():
    """Starts this script anew in a network of its own, where it may; else other devices here could be seen."""
    if os.environ.get("AIOT_OWN_NETWORK") == "yes" or os.geteuid() != 0 or not shutil.which("unshare"):
        return
    if subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        return
    os.environ["AIOT_OWN_NETWORK"] = "yes"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable,
                          *sys.argv])


if not (pathlib.Path(TOOL).resolve().parents[1] / "share/aiotctl/stubs").is_dir():
    print("SKIP: this build has no flasher stubs, and what a ROM alone can do is less")
    sys.exit(0)
enter_network()
main()
