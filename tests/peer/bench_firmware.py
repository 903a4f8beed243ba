"""The example firmware on QEMU's Cortex-M4F, measured and judged by aiotctl.

usage: bench_firmware.py AIOTCTL FOLDER   (FOLDER holds NAME.elf, and NAME.model with the model's name)

What the device answers is read here once more, by a few lines that share nothing with aiotctl.
"""
import json
import os
import random
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import tty

QEMU = "qemu-system-arm"
AIOTCTL, FOLDER = sys.argv[1:]
if not shutil.which(QEMU):
    print("SKIP: qemu-system-arm is not here: apt-get install qemu-system-arm")
    sys.exit(0)
if not os.path.exists(os.path.join(FOLDER, "kws01.elf")):
    print("SKIP: no firmware was built: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi "
          "libstdc++-arm-none-eabi-newlib")
    sys.exit(0)

PATIENCE_S = 240  # a loaded machine; nothing waits for it when all is well
FILES = 6
CLASSES = 12
INPUT_BYTES = 490


class Device:
    """A board in QEMU, and the pseudo-terminal it is at."""

    def __init__(self, firmware):
        self.qemu = subprocess.Popen(
            [QEMU, "-M", "mps2-an386", "-icount", "shift=5,align=off", "-display", "none", "-monitor", "none",
             "-serial", "pty", "-kernel", os.path.join(FOLDER, firmware)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.qemu.stdout.readline()
        found = re.search(r"/dev/pts/\d+", line)
        assert found, f"qemu says no terminal: {line}"
        self.port = found.group()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.qemu.kill()
        self.qemu.wait()

    def results_of(self, data=b""):
        """The device's answer to `infer 1 0` for these bytes, or what it said last; as it prints the numbers."""
        port = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(port, termios.TCSANOW)
            termios.tcflush(port, termios.TCIFLUSH)
            if data:
                self.ask(port, f"db load {len(data)}%", b"m-ready\r\n")
            for at in range(0, len(data), 31):
                self.ask(port, f"db {data[at:at + 31].hex()}%", b"m-ready\r\n")
            answer = self.ask(port, "infer 1 0%" if data else "results%", b"]\r\nm-ready\r\n")
            return re.search(rb"m-results-\[(.*)\]", answer).group(1).decode().split(",")
        finally:
            os.close(port)

    @staticmethod
    def ask(port, command, last):
        os.write(port, command.encode())
        answer = b""
        end = time.monotonic() + PATIENCE_S
        while last not in answer:
            assert select.select([port], [], [], end - time.monotonic())[0], f"no answer to {command}: {answer}"
            answer += os.read(port, 4096)
        return answer


def aiotctl(*arguments, exit_code=0, **more):
    ran = subprocess.run([AIOTCTL, *arguments], capture_output=True, timeout=PATIENCE_S, check=False, **more)
    assert ran.returncode == exit_code, f"{arguments}: exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def host_output(model, stored):
    """What the reference engine makes of an input as the model stores it."""
    return aiotctl("bench", "run", model, "--input", stored, "--output", "-")


def classes(raw):
    """A softmax's output as the device prints it: scale 1/256, zero point -128."""
    return [f"{((b ^ 0x80) / 256):.3f}" for b in raw]


def signed(raw):
    return [b - 256 if b > 127 else b for b in raw]


def telling_input(model, elements, place):
    """Random values, and what the model makes of them: not what it makes of them 128 away."""
    while True:
        stored = generator.randbytes(elements)
        outputs = []
        for values in (stored, bytes(b ^ 0x80 for b in stored)):
            with open(place, "wb") as file:
                file.write(values)
            outputs.append(host_output(model, place))
        if outputs[0] != outputs[1]:
            return stored, outputs[0]


def images(_model, stored, output):
    """An image's upload holds 0 to 255, less 128 is what the model takes; a device prints each class."""
    return bytes(b ^ 0x80 for b in stored), [float(text) for text in classes(output)]


def spectrum(model, stored, output):
    """Anomaly detection's upload holds float32; a device prints the mean square of output less input."""
    about = json.loads(aiotctl("bench", "run", model, "--runs", "1", "--warm-up", "10ms", "--no-peak", "--json"))["data"]["models"][0]
    into, out = about["inputs"][0], about["outputs"][0]
    # Beside the middle of a step, so that a value that is cut and not rounded shows.
    values = [(s - into["zero_point"] + (0.4 if i % 2 else -0.4)) * into["scale"]
              for i, s in enumerate(signed(stored))]
    score = sum(((o - out["zero_point"]) * out["scale"] - v) ** 2 for o, v in zip(signed(output), values))
    return struct.pack(f"<{len(values)}f", *values), [score / len(values)]


generator = random.Random(4)
with tempfile.TemporaryDirectory() as data:
    files = [os.path.join(data, f"{i}.bin") for i in range(FILES)]
    for file in files:
        with open(file, "wb") as out:
            out.write(generator.randbytes(INPUT_BYTES))
    expected = [classes(host_output("kws", file)) for file in files]
    # Labels that half of the answers meet, so that neither "all" nor "none" looks right.
    with open(os.path.join(data, "y_labels.csv"), "w", encoding="ascii") as labels:
        for i, row in enumerate(expected):
            best = max(range(CLASSES), key=lambda c, row=row: float(row[c]))
            labels.write(f"{i}.bin,{CLASSES},{best if i % 2 else (best + 1) % CLASSES}\n")
    host = json.loads(aiotctl("bench", "run", "kws", "--data", data, "--labels", os.path.join(data, "y_labels.csv"),
                              "--runs", "10", "--json"))["data"]["models"][0]["accuracy"]
    assert host["right"] == FILES // 2, host

    with Device("kws01.elf") as device:
        aiotctl("listen", device.port, "--send", "--expect", r"m-name-dut-\[aiotctl example firmware\]",
                "--timeout", "60s", input=b"name%")
        document = json.loads(aiotctl("bench", "device", device.port, "--model", "kws", "--data", data,
                                      "--allow-missed", "--json"))
        report = document["data"]["devices"][0]
        windows = [w["seconds"] / w["inferences"] for w in report["performance"]["windows"]]
        assert len(windows) == 5 and all(w["seconds"] >= 10 for w in report["performance"]["windows"]), report
        spread = (max(windows) - min(windows)) / sorted(windows)[2]
        assert spread <= 0.001, f"windows are {spread:.2%} apart"
        assert report["accuracy"]["right"] == host["right"] and report["accuracy"]["files"] == FILES, report
        assert report["comparison"]["compared"] == report["comparison"]["equal"] > FILES, report
        for file, row in zip(files, expected):
            with open(file, "rb") as data_file:
                assert device.results_of(data_file.read()) == row

    with Device("kws01_truncates.elf") as device:
        with open(files[0], "rb") as data_file:
            wrong = device.results_of(data_file.read())
        first = next(i for i in range(CLASSES) if wrong[i] != expected[0][i])
        document = json.loads(aiotctl("bench", "device", device.port, "--model", "kws", "--data", data,
                                      "--mode", "accuracy", "--allow-missed", "--json", exit_code=9))
        comparison = document["data"]["devices"][0]["comparison"]
        assert comparison["cause"] == "kernel", comparison
        difference = comparison["first_difference"]
        assert (difference["file"], difference["output"]) == ("0.bin", first), difference
        assert f"{difference['device']:.3f}" == wrong[first], difference
        assert f"{difference['reference']:.3f}" == expected[0][first], difference
        assert document["errors"][0]["message"].startswith("kernel: output"), document["errors"]

# The other benchmarks, whose uploads have another form: with the reference's models where the test data are, whose inputs
# and outputs are those of TensorFlow Lite Micro, else with random weights and the reference engine.
OTHERS = {"ic01": (images, 3072, "", 2), "vww01": (images, 27648, "", 1), "ad01": (spectrum, 640, ",2560,512", 2)}
for name, (form, elements, window, count) in OTHERS.items():
    with open(os.path.join(FOLDER, name + ".model"), encoding="utf-8") as file:
        model = file.read()
    known = os.path.splitext(os.path.basename(model))[0] if os.path.exists(model) else None
    with tempfile.TemporaryDirectory() as data, Device(name + ".elf") as device:
        rows = []
        for i in range(1, count + 1):
            if known:
                tiny = os.path.dirname(os.path.dirname(model))
                with open(os.path.join(tiny, "inputs", f"{known}.{i}.bin"), "rb") as file:
                    stored = file.read()
                with open(os.path.join(tiny, "expected_ref", f"{known}.{i}.bin"), "rb") as file:
                    output = file.read()
            else:
                stored, output = telling_input(model, elements, os.path.join(data, "stored"))
            upload, row = form(model, stored, output)
            rows.append(row)
            with open(os.path.join(data, f"{i}.bin"), "wb") as file:
                file.write(upload)
        with open(os.path.join(data, "y_labels.csv"), "w", encoding="ascii") as labels:
            labels.writelines(f"{i}.bin,2,{i % 2}{window}\n" for i in range(1, count + 1))
        document = json.loads(aiotctl("bench", "device", device.port, "--model", model, "--data", data,
                                      "--mode", "accuracy", "--allow-missed", "--json"))
        report = document["data"]["devices"][0]
        assert report["model"] == name and report["comparison"]["compared"] == count, report
        assert report["comparison"]["equal"] == count, report
        said = [float(text) for text in device.results_of()]
        assert len(said) == len(rows[-1]), (name, said, rows[-1])
        # A score is a sum of floats, and here of doubles: as many digits as a float has.
        assert all(abs(a - b) <= 0.0005001 + 2e-6 * b for a, b in zip(said, rows[-1])), (name, said, rows[-1])

print(f"the firmware's {FILES + 5 + sum(o[3] for o in OTHERS.values())} results are the reference's; windows are {spread:.6%} apart")
