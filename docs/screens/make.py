"""make.py AIOTCTL MAKE-IMAGES FOLDER [NAME…]: pictures of aiotctl's screens, at 80 and 120 columns.

Runs each command on virtual devices on a pseudo-terminal, keeps what a terminal would show, and writes it to
FOLDER/NAME-COLUMNS.svg as text. Run it as root, so that discovery has a network of its own.
"""

import contextlib
import fcntl
import html
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

TOOL, MAKE_IMAGES, FOLDER = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
ONLY = sys.argv[4:]
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#56d4dd",
           "90": "#8b949e"}
ROWS = 60


class Screen:
    """The part of a terminal that aiotctl uses: text, CR, LF, cursor up, erase, colours."""

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.column, self.style = columns, [[]], 0, 0, ""

    def feed(self, text):
        for match in re.finditer(r"\x1b\[([0-9;]*)([A-Za-z])|(.)", text, re.S):
            parameters, final, char = match.groups()
            if final == "m":
                self.style = "" if parameters in ("", "0") else parameters
            elif final == "A":
                self.row = max(0, self.row - int(parameters or 1))
            elif final == "J":
                del self.rows[self.row + 1:]
                del self.rows[self.row][self.column:]
            elif final == "K":
                del self.rows[self.row][self.column:]
            elif char == "\r":
                self.column = 0
            elif char == "\n":
                self.down()
            elif char:
                self.put(char)

    def down(self):
        self.row += 1
        while len(self.rows) <= self.row:
            self.rows.append([])

    def put(self, char):
        if self.column == self.columns:  # a line that is too long goes on below
            self.down()
            self.column = 0
        line = self.rows[self.row]
        line.extend([(" ", "")] * (self.column + 1 - len(line)))
        line[self.column] = (char, self.style)
        self.column += 1

    def shown(self):
        lines = [list(line) for line in self.rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines


def text_of(lines):
    return "\n".join("".join(char for char, _ in line) for line in lines)


def play(command, columns, folder):
    """Each state of the screen while `command` runs."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", PATH=f"{TOOL.parent}:{os.environ['PATH']}", TZ="UTC")
        os.environ.pop("NO_COLOR", None)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        os.execvp("bash", ["bash", "-c", f"sleep 0.1; {command}"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    screen, states, rest = Screen(columns), [], b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        rest += data
        text = rest.decode(errors="ignore")
        rest = b"" if text.encode() == rest else rest[len(text.encode()):]
        screen.feed(text.replace("\r\n", "\n\r"))
        states.append(screen.shown())
    os.waitpid(pid, 0)
    os.close(terminal)
    return states


def runs(line):
    """Neighbours of one style: column, text, style."""
    out = []
    for column, (char, style) in enumerate(line):
        if out and out[-1][2] == style:
            out[-1][1] += char
        else:
            out.append([column, char, style])
    return [run for run in out if run[1].strip()]


def span(column, text, style):
    words = style.split(";")
    colour = next((COLOURS[word] for word in words if word in COLOURS), None)
    attributes = f' fill="{colour}"' if colour else ""
    attributes += ' font-weight="bold"' if "1" in words else ""
    attributes += ' opacity=".65"' if "2" in words else ""
    width, x = 8.4 * len(text), 14 + 8.4 * column
    return (f'<tspan x="{x:.1f}" textLength="{width:.1f}"{attributes}>' + html.escape(text) + "</tspan>")


def svg(title, lines, columns):
    width, height, line_height = 28 + 8.4 * columns, 24 + 19 * len(lines), 19
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
           f'height="{height}" role="img">', f"<title>{html.escape(title)}</title>",
           '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
           '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="14" '
           'fill="#e6edf3" xml:space="preserve">']
    for number, line in enumerate(lines):
        if spans := "".join(span(*run) for run in runs(line)):
            out.append(f'<text y="{26 + line_height * number}">{spans}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


class Room:
    """Virtual devices and files for one screen."""

    def __init__(self, stack, folder):
        self.stack, self.folder = stack, folder

    def device(self, *command):
        process = subprocess.Popen([TOOL, "sim", *command], stdout=subprocess.PIPE, text=True, cwd=self.folder)
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)
        return json.loads(process.stdout.readline())

    def write(self, name, lines):
        path = self.folder / name
        path.write_text("\n".join([*lines, ""]))
        path.chmod(0o600)

    def flash(self):
        subprocess.run([MAKE_IMAGES, "--chip", "esp32", "--size", "512K", "--text", "app: ready", "build"], check=True,
                       cwd=self.folder)
        faults = [(), ("--fault", "drop@data/9:forever"), (), ()]
        devices = [self.device("esp32", "--port", "pty", "--mac", f"24:0a:c4:00:0{number}:00", *fault)
                   for number, fault in enumerate(faults, 1)]
        self.write("line.txt", [device["address"] for device in devices])
        return "aiotctl flash --devices line.txt build/"

    def discover(self):
        self.device("provision", "--kind", "homekit")
        self.device("gadget")
        return "aiotctl discover"

    def listen(self):
        gadget = self.device("gadget", "--rate", "4")
        coap = next(address for address in gadget["addresses"] if address.startswith("coap:"))
        return f"aiotctl listen {gadget['address'].removeprefix('serial:')} {coap} --count 10"

    def pair(self):
        self.write("wifi.yaml", ["ssid: home", "password: correct horse"])
        rows = ["id,address,username,pop"]
        for number, fault in enumerate(((), ("--fault", "no-network"), (), ()), 1):
            device = self.device("provision", "--kind", "esp", *fault)
            rows.append(f"unit-{number},{device['address']},wifiprov,abcd1234")
        self.write("codes.csv", rows)
        return "aiotctl pair --devices codes.csv --wifi-file wifi.yaml"

    @staticmethod
    def bench():
        return "aiotctl bench run kws --duration 500ms"


def halfway(states):
    """The last state with bars in which a device has failed and another works."""
    seen = [state for state in states if "link" in text_of(state) and re.search(r"\d+ ?%", text_of(state))]
    return seen[len(seen) // 2] if seen else states[-1]


SCREENS = {"flash-progress": (Room.flash, halfway), "flash": (Room.flash, lambda states: states[-1]),
           "discover": (Room.discover, lambda states: states[-1]), "listen": (Room.listen, lambda states: states[-1]),
           "pair": (Room.pair, lambda states: states[-1]), "bench": (Room.bench, lambda states: states[-1])}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (prepare, choose) in SCREENS.items():
        for columns in (80, 120):
            if ONLY and name not in ONLY:
                continue
            with contextlib.ExitStack() as stack:
                folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
                room = Room(stack, folder)
                command = prepare(room) if prepare is not Room.bench else prepare()
                shown = choose(play(command, columns, folder))
            prompt = [(char, "1") for char in f"$ {command}"]
            (FOLDER / f"{name}-{columns}.svg").write_text(svg(command, [prompt, *shown], columns))
            print(f"{name}-{columns}: {len(shown)} lines, widest {max(map(len, shown), default=0)}")


def enter_network():
    setup = ("ip link set lo up && ip link add room type veth peer name far && ip link set far up"
             " && ip addr add 192.168.20.1/24 dev room && ip link set room up && ip route add default dev room")
    if os.environ.get("AIOT_OWN_NETWORK") != "yes" and os.geteuid() == 0:
        os.environ["AIOT_OWN_NETWORK"] = "yes"
        os.execvp("unshare", ["unshare", "--net", "sh", "-c", f'{setup} && exec "$@"', "sh", sys.executable, *sys.argv])


enter_network()
main()
