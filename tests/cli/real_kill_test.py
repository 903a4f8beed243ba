"""aiotctl flash write, killed at random moments: a second run repairs each, over a pseudo-terminal, where nothing
resets the chip, and over RFC 2217.

usage: real_kill_test.py AIOTCTL [KILLS [SEED]]
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

AIOTCTL = sys.argv[1]
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 6
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.getrandbits(32)
SIZE = 192 * 1024
OFFSET = 0x10000


def run(*args):
    done = subprocess.run([AIOTCTL, "--no-input", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout.decode(errors="replace")


def killed_and_repaired(port, number, folder, random_):
    mac = f"02:{os.getpid() >> 16 & 255:02x}:{os.getpid() >> 8 & 255:02x}:{os.getpid() & 255:02x}:6b:{number & 255:02x}"
    sim = subprocess.Popen([AIOTCTL, "sim", "esp32", "--port", port, "--mac", mac], stdout=subprocess.PIPE, text=True)
    try:
        address = json.loads(sim.stdout.readline())["address"]
        image = folder / f"image-{number}.bin"
        # Raw data: a random first byte may be the magic of an image, which is refused when it is for another chip.
        image.write_bytes(b"\0" + random_.randbytes(SIZE // 2 - 1) + bytes(SIZE // 2))
        where = f"{image}@{OFFSET:#x}"
        begin = time.monotonic()
        if number == 0:
            code, said = run("flash", "write", address, where)
            assert code == 0, said
            return time.monotonic() - begin
        after = random_.uniform(0, killed_and_repaired.whole_s)
        write = subprocess.Popen([AIOTCTL, "--no-input", "flash", "write", address, where], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(after)
        write.send_signal(signal.SIGKILL)
        write.wait()
        code, said = run("flash", "write", address, where)
        assert code == 0, f"{port}, killed after {after:.3f} s: exit {code}: {said}"
        code, said = run("flash", "verify", address, where)
        assert code == 0, f"{port}, killed after {after:.3f} s: verify: {said}"
        return after
    finally:
        sim.kill()
        sim.wait()
        sim.stdout.close()


def main():
    print(f"seed {SEED}", flush=True)
    random_ = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        killed_and_repaired.whole_s = killed_and_repaired("pty", 0, folder, random_)
        moments = [killed_and_repaired("pty" if number % 2 else "rfc2217:0", number, folder, random_)
                   for number in range(1, KILLS + 1)]
    print(f"{KILLS} kills between {min(moments):.2f} and {max(moments):.2f} s of {killed_and_repaired.whole_s:.2f} s, "
          "each repaired by a second run")


main()
