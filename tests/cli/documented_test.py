"""documented_test.py AIOTCTL MAKE-IMAGES SOURCE [DOCUMENT…]: runs the commands of README.md and of the manual pages.

Each document's commands run in their order, in a folder with the files that they name, on virtual devices in the
places of the addresses that they name. What cannot run here is marked in the source: see documented.py.
"""

import contextlib
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
import time

import documented
import swu

TOOL, MAKE_IMAGES, SOURCE = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
ONLY = sys.argv[4:]
sys.path.insert(0, str(SOURCE / "tests/golden"))
import captures  # noqa: E402

PATIENCE_S = 100
SECRET = 0o600

# Commands that go on until they are stopped.
ENDLESS = re.compile(r"(^|\| *)aiotctl (sim\b|ota serve|discover --watch)(?!.*\|)"
                     r"|^aiotctl listen(?!.*--(expect|count|duration))")
# What a documented command may end with, other than 0.
ENDS = [
    (r"aiotctl doctor", {0, 5}, "this machine may have faults"),
    (r"--max-regression", {0, 9}, "a machine that is busy is slower than it was"),
]
# What makes a command short; its meaning stays.
SHORTER = [
    (r"(aiotctl bench run)", r"\1 --duration 20ms --warm-up 1ms --no-peak"),
    (r"(aiotctl bench device)(?=.* --monitor)", r"\1 --windows 1 --window 1s"),
    (r"(aiotctl discover)(?!.*--pcap|.*--watch)", r"\1 --timeout 1s"),
    (r"--duration 2s", "--duration 200ms"),
]


class World:
    """What the commands find around them: files, virtual devices, a server, a broker."""

    def __init__(self, stack, folder):
        self.stack, self.folder, self.started, self.processes = stack, folder, {}, {}
        self.environment = {**os.environ, "PATH": f"{TOOL.parent}:{os.environ['PATH']}", "HOME": str(folder),
                            "XDG_CACHE_HOME": f"{folder}/cache", "XDG_STATE_HOME": f"{folder}/state"}

    def start(self, *command, key=None, output="address"):
        """The first line of a program that serves until the end; once for each `key`."""
        key = key or command
        if key not in self.started:
            process = subprocess.Popen([TOOL, *map(str, command)], stdout=subprocess.PIPE, text=True,
                                       cwd=self.folder, stderr=subprocess.DEVNULL)
            self.stack.callback(self.end, process)
            line = process.stdout.readline()
            assert line, f"{command} has ended"
            self.started[key] = json.loads(line)
            self.processes[key] = process
        return self.started[key][output]

    @staticmethod
    def end(process):
        process.terminate()
        process.wait(PATIENCE_S)

    def esp32(self, number, port="pty"):
        return self.start("sim", "esp32", "--profile", "fast", "--port", port, "--mac", mac(number),
                          key=("esp32", number))

    def server(self, output):
        """A repository over TLS, which DDI clients may poll."""
        if ("server",) not in self.started:
            self.write("artifacts.yaml", b"lamp:\n  file: lamp.bin\n  product: lamp\n  version: 1.1.0\n  hardware: a\n")
            shutil.copy(self.folder / "lamp.bin", self.folder / "updates/lamp.bin")
        found = self.start("ota", "serve", "updates", "--self-signed", "--state", "server", "--listen", "127.0.0.1:0",
                           "--ddi", "--artifacts", "artifacts.yaml", "--jsonl", key=("server",), output=output)
        shutil.copy(self.folder / "server/server.pem", self.folder / "server.pem")
        return found[0].rstrip("/") if isinstance(found, list) else found

    def broker(self):
        """The port of a broker."""
        if ("broker",) not in self.started:
            port = free_port(socket.SOCK_STREAM)
            program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
            process = subprocess.Popen([program, "-p", str(port)], stderr=subprocess.DEVNULL)
            self.stack.callback(process.wait)
            self.stack.callback(process.terminate)
            until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None)
            self.started["broker",] = port
        return self.started["broker",]

    # ---- files ----

    def write(self, name, content, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)

    def run(self, *command):
        done = subprocess.run([*map(str, command)], cwd=self.folder, capture_output=True, text=True, check=False,
                              env=self.environment)
        assert done.returncode == 0, (command, done)
        return done.stdout

    def files(self):
        self.run(MAKE_IMAGES, "--chip", "esp32", "--size", "64K", "--text", "app: ready", "build")
        build = self.folder / "build"
        for name, source in (("firmware.bin", "app.bin"), ("app.bin", "app.bin"), ("boot.bin", "bootloader.bin"),
                             ("table.bin", "partitions.bin"), ("parts.bin", "partitions.bin"), ("lamp.bin", "app.bin"),
                             ("tasmota.bin", "app.bin")):
            shutil.copy(build / source, self.folder / name)
        shutil.copy(build / "app.bin", build / "lamp.bin")
        self.run(TOOL, "flash", "merge", "-o", "merged.bin", "build")
        self.write("settings.bin", b"settings" * 512)
        self.write(f"nvs-{mac(1).replace(':', '')}.bin", b"own settings" * 300)
        self.write("zephyr.bin", bytes(512) + bytes(range(256)) * 80)  # a build leaves room for the header
        self.write("wifi.yaml", b"ssid: home\npassword: correct horse\n", SECRET)
        self.write("pop.yaml", b"pop: abcd1234\n", SECRET)
        for name in ("password", "ota.txt"):
            self.write(name, b"opensesame\n", SECRET)
        self.write("app.elf", captures.small_elf())
        captures.write_pcap(self.folder / "report.pcap")
        captures.write_btsnoop(self.folder / "phone.log")

    def keys(self, *names):
        for name in names:
            if not (self.folder / name).exists():
                self.run(TOOL, "ota", "keygen", name)

    def repository(self):
        if not (self.folder / "updates").exists():
            self.keys("root.pem", "online.pem")
            self.run(TOOL, "ota", "init", "updates", "--root", "root.pem", "--targets", "online.pem")
            self.run(TOOL, "ota", "add", "lamp.bin", "--product", "lamp", "--hardware", "rev-b", "--repository", "updates",
                     "--key", "online.pem")
        shutil.copy(self.folder / "updates/metadata/1.root.json", self.folder / "root.json")
        for slot in ("slot-a", "slot-b"):
            self.write(slot, bytes(1 << 20))

    def signed_image(self):
        if not (self.folder / "zephyr.signed.bin").exists():
            self.keys("key.pem")
            self.run(TOOL, "ota", "sign", "zephyr.bin", "--pad-header", "--key", "key.pem", "--version", "1.2.3", "-o",
                     "zephyr.signed.bin")

    def swu(self):
        self.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "maker.key", "-out", "maker.pem",
                 "-subj", "/CN=maker", "-days", "30", "-addext", "extendedKeyUsage=codeSigning")
        digest = self.run("sha256sum", "app.bin").split()[0]
        self.write("sw-description", b'software = { version = "2.0.1"; files: ( { filename = "app.bin"; path = "/x"; '
                   b'type = "rawfile"; sha256 = "' + digest.encode() + b'"; } ); };\n')
        self.run("openssl", "cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer", "maker.pem",
                 "-inkey", "maker.key", "-outform", "DER", "-nosmimecap", "-binary")
        with within(self.folder):
            archive = swu.cpio(["sw-description", "sw-description.sig", "app.bin"])
        for name in ("update.swu", "hub.swu"):
            self.write(name, archive)
        shutil.copy(self.folder / "maker.pem", self.folder / "sw.pem")
        if (self.folder / "updates").exists():
            shutil.copy(self.folder / "hub.swu", self.folder / "updates")

    def dataset(self):
        """Inputs for the keyword spotting network, labelled as it classifies them."""
        lines = []
        for number in range(4):
            content = bytes((number * 37 + byte * byte) & 255 for byte in range(490))
            self.write(f"kws01/f{number}.bin", content)
            out = subprocess.run([TOOL, "bench", "run", "kws", "-i", "-", "-o", "-"], input=content, check=True,
                                 stdout=subprocess.PIPE).stdout
            scores = [byte - 256 if byte > 127 else byte for byte in out]
            lines.append(f"f{number}.bin,12,{scores.index(max(scores))}\n")
        self.write("kws01/y_labels.csv", "".join(lines).encode())

    def token(self):
        """A PKCS#11 token."""
        self.write("softhsm2.conf", f"directories.tokendir = {self.folder}\nlog.level = ERROR\n".encode())
        self.write("pin.txt", b"1234\n", SECRET)
        self.environment["SOFTHSM2_CONF"] = str(self.folder / "softhsm2.conf")
        self.run("softhsm2-util", "--init-token", "--free", "--label", "maker", "--so-pin", "5678", "--pin", "1234")

    def codes(self):
        """Two devices that wait to be paired, in a list."""
        devices = [self.start("sim", "provision", "--kind", "esp", "--wifi-file", "wifi.yaml", "--secret-file", "pop.yaml",
                              key=("waits", number, len(self.started))) for number in range(2)]
        rows = [f"{number},{address},abcd1234" for number, address in enumerate(devices)]
        self.write("codes.csv", "\n".join(["id,address,pop", *rows, ""]).encode(), SECRET)

    def discoverable(self):
        """A device that waits to be paired."""
        self.stop_miio()  # it may have been paired
        return self.start("sim", "provision", "--kind", "miio", key=("miio",))

    def gadget(self):
        self.stop_miio()
        return self.start("sim", "gadget")

    def stop_miio(self):
        """The port of the protocol is one device's."""
        if ("miio",) in self.started:
            self.end(self.processes["miio",])
            del self.started["miio",]

    def energy(self, output):
        return self.start("sim", "--bench", "kws", "--monitor", key=("energy",), output=output)

    def tasmota(self):
        return self.start("sim", "ota", "--kind", "http", "--port", "tasmota:0")

    def esphome(self):
        return self.start("sim", "ota", "--kind", "esphome", "--password-file", "password")

    def waiting_esp(self):
        return self.start("sim", "provision", "--kind", "esp", "--wifi-file", "wifi.yaml", "--secret-file", "pop.yaml")

    # ---- commands ----

    def prepare(self, text):
        """The files and servers that a command names."""
        if "zephyr.signed.bin" in text and "-o zephyr.signed.bin" not in text:
            self.signed_image()
        if re.search(r"ota (install|refresh|serve|slot)|--kind ddi|/metadata/|/srv/updates|hub.swu", text):
            self.repository()
        if " serve repository" in text:
            shutil.copytree(self.folder / "updates", self.folder / "repository", dirs_exist_ok=True)
        for key in re.findall(r"(?:--key|rotate root) (\S+\.pem)", text):
            self.keys(key.rpartition("/")[2])
        for condition, prepare in ((".swu", self.swu), ("kws01", self.dataset),
                                   ("PKCS11_MODULE_PATH", self.token),
                                   ("codes.csv", self.codes), ("aiotctl discover", self.discoverable)):
            if condition in text:
                prepare()
        if "--baseline last-week.json" in text:
            self.write("last-week.json", self.run(TOOL, "--json", "bench", "run", "kws", "--runs", "50").encode())
        if "line.txt" in text:
            self.write("line.txt", (self.start("sim", "ota") + "\n").encode())
        if "ota install" in text:
            shutil.rmtree(self.folder / "lib-ota", ignore_errors=True)
        if "ota slot" in text:
            if not (self.folder / "lib-ota").exists():
                self.run(TOOL, "ota", "install", self.server("urls"), "--ca", "server.pem", "--root", "root.json", "--product",
                         "lamp", "--hardware", "rev-b", "--state", "lib-ota", "--slot", "slot-a", "--slot", "slot-b")
        if "pair --confirm" in text:
            self.codes()

    def placed(self, text):
        """The command with what stands here in the place of what it names."""
        smp = "aiotctl ota" in text or "aiotctl --json ota" in text
        substitutions = [
            (r"/dev/ttyUSB0", lambda: self.energy("address") if "--monitor" in text
             else self.esp32(3, "rfc2217:0") if "--reset" in text
             else self.gadget() if "aiotctl listen" in text else self.esp32(1)),
            (r"/dev/ttyUSB1", lambda: self.esp32(2)),
            (r"/dev/ttyACM1", lambda: self.energy("monitor")),
            (r"/dev/ttyACM0", lambda: self.start("sim", "ota", "--port", "pty") if smp
             else self.start("sim", "--bench", "kws", "--profile", "fast", "--latency", "20ms")),
            (r"udp://192\.168\.1\.40", lambda: self.start("sim", "ota")),
            (r"http://192\.168\.1\.41", self.tasmota),
            (r"http://192\.168\.4\.1", self.waiting_esp),
            (r"esphome://lamp\.local", self.esphome),
            (r"https://updates\.example(:8443)?(?=[ /])|https://(localhost|192\.168\.1\.10):8443", lambda: self.server("urls")),
            (r"--fingerprint (4f3c)?…", lambda: "--fingerprint " + self.server("certificate_sha256")),
            (r"sha256//…", lambda: self.server("key_pin")),
            (r"~/\.local/state/aiotctl/ota/server\.pem", lambda: "server.pem"),
            (r"pair --confirm …", lambda: "pair --devices codes.csv --wifi-file wifi.yaml"),
            (r"mqtt://localhost/", lambda: f"mqtt://localhost:{self.broker()}/"),
            (r"rfc2217:4000", lambda: "rfc2217:0"),
            (r"0\.0\.0\.0:(5514|9000)", lambda: f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"),
            (r"(?<=--self-signed)(?= --name)", lambda: " --state other-server --listen 127.0.0.1:0"),
            (r"/var/lib/ota", lambda: "lib-ota"), (r"/dev/mmcblk0p2", lambda: "slot-a"),
            (r"/dev/mmcblk0p3", lambda: "slot-b"), (r"/etc/lamp/ca\.pem", lambda: "server.pem"),
            (r"/etc/lamp/root\.json", lambda: "root.json"), (r"/etc/aiot/", lambda: ""), (r"/srv/", lambda: ""),
            (r"smp_svr_stats", lambda: "smp_server"),
            (r"(?<= )(model|kws)\.tflite", lambda: "kws"),
        ]
        for pattern, value in substitutions:
            if re.search(pattern, text):
                text = re.sub(pattern, value(), text)
        for pattern, shorter in SHORTER:
            text = re.sub(pattern, shorter, text)
        return text


@contextlib.contextmanager
def within(folder):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def mac(number):
    """No other device has this MAC, in no test that runs beside this one."""
    return "02:" + os.getpid().to_bytes(3, "big").hex(":") + f":00:{number:02x}"


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if condition():
                return
        time.sleep(0.02)
    raise AssertionError("it did not come")


def feed(text):
    """Datagrams for whoever listens to them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for port in re.findall(r"127\.0\.0\.1:(\d{2,})", text):
            sender.sendto(b"<11>1 2026-01-02T03:04:05Z box app - - - message", ("127.0.0.1", int(port)))


def execute(text, folder, environment):
    """The exit code of a command in bash and what it printed; an endless one is stopped as by Ctrl-C."""
    shell = ["bash", "-c", f"pass() {{ cat wifi.yaml; }}; reboot() {{ :; }}\n{text}"]
    if re.search(r"flash erase.*--partition", text):  # it asks
        shell = ["bash", "-c", f"printf 'y\\n' | script -qefc {shell_quoted(text)} /dev/null"]
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen(shell, cwd=folder, stdout=output, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, start_new_session=True, env=environment)
        endless = ENDLESS.search(text)
        try:
            if endless:
                def begun():
                    feed(text)
                    return os.stat(output.name).st_size > 0 or process.poll() is not None
                until(begun)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE_S)
        except (subprocess.TimeoutExpired, AssertionError):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None, pathlib.Path(output.name).read_text(errors="replace")
        code = 0 if endless and process.returncode in (-signal.SIGINT, 130) else process.returncode
        return code, pathlib.Path(output.name).read_text(errors="replace")


def shell_quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


MISSING = [("mqtt://", "mosquitto"), ("| jq", "jq"), ("jq ", "jq"), ("pkcs11:", "softhsm2-util"), ("PKCS11_MODULE", "softhsm2-util"), ("curl ", "curl"),
           ("update.swu", "openssl"), ("openssl ", "openssl"), ("--partition nvs", "script")]


def missing(text):
    search = os.environ["PATH"] + ":/usr/sbin"
    return next((program for word, program in MISSING if word in text and not shutil.which(program, path=search)), None)


def run_document(commands, stack):
    """The number of commands that ran, and what failed."""
    folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
    world = World(stack, folder)
    environment = world.environment
    world.files()
    if any("/dev/ttyUSB" in command.text for command in commands):
        for address in (world.esp32(1), world.esp32(2)):
            world.run(TOOL, "flash", address, "build")
    if any("--reset" in command.text for command in commands):
        world.run(TOOL, "flash", world.esp32(3, "rfc2217:0"), "build")
    ran, failed, background = 0, [], []
    for command in commands:
        if program := missing(command.text):
            print(f"SKIP: {command.place}: {program} is not installed")
            continue
        world.prepare(command.text)
        if command.text.startswith("export "):
            name, _, value = command.text.removeprefix("export ").partition("=")
            environment[name] = value
            continue
        text = world.placed(command.text)
        if text.endswith("&"):
            background.append(subprocess.Popen(["bash", "-c", "exec " + text[:-1]], cwd=folder, env=environment,
                                               stdout=subprocess.DEVNULL, start_new_session=True))
            stack.callback(background[-1].wait)
            stack.callback(background[-1].terminate)
            continue
        begun = time.monotonic()
        code, output = execute(text, folder, environment)
        ran += 1
        if os.environ.get("VERBOSE"):
            print(f"{time.monotonic() - begun:5.1f} s  {command.place}: {command.text}")
        allowed = next((codes for pattern, codes, _ in ENDS if re.search(pattern, text)), {0})
        if code not in allowed:
            failed.append(f"{command.place}: {command.text}\n  ran as: {text}\n  exit code {code}\n{output[-1500:]}")
    return ran, failed


def main():
    documents = {}
    marked = []
    for command in documented.commands(SOURCE):
        if command.reason:
            marked.append(command)
        else:
            documents.setdefault(command.place.partition(":")[0], []).append(command)
    ran, failed = 0, []
    for name, commands in documents.items():
        if ONLY and name not in ONLY:
            continue
        with contextlib.ExitStack() as stack:
            count, problems = run_document(commands, stack)
        ran, failed = ran + count, failed + problems
    print("\n".join(failed))
    print(f"{ran} commands of {len(documents)} documents ran, {len(failed)} failed; {len(marked)} are marked:")
    for reason in sorted({command.reason for command in marked}):
        print(f"  {sum(command.reason == reason for command in marked):2} {reason}")
    sys.exit(1 if failed else 0)


def enter_network():
    """Starts this script anew in a network of its own, where it may: other devices here could be found."""
    if os.environ.get("AIOT_OWN_NETWORK") == "yes" or os.geteuid() != 0 or not shutil.which("unshare"):
        return
    setup = ("ip link set lo up && ip link add room type veth peer name far && ip link set far up"
             " && ip addr add 192.168.20.1/24 dev room && ip link set room up && ip route add default dev room")
    if subprocess.run(["unshare", "--net", "sh", "-c", setup], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return
    os.environ["AIOT_OWN_NETWORK"] = "yes"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", f'{setup} && exec "$@"', "sh", sys.executable, *sys.argv])


enter_network()
main()
