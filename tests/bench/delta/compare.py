#!/usr/bin/env python3
"""Size, CPU time and memory of deltas, beside bsdiff and zstd of Debian.

    tests/bench/delta/compare.py --program build/release/bin/bench_delta [--pair NAME OLD NEW]...

Fetches its pairs with npm and apt-get into a folder (--data); a pair that cannot be had is named and
left out. MicroPython's pair lies in AIOT_TEST_DATA (or --data) as micropython-1.9.4.bin and
micropython-1.10.bin: eerimoq/detools, tests/files/micropython. Each result is compared with the new
file. Exits with 1 when a delta is larger than the limit of its pair.
"""
import argparse
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

# The best of bsdiff, zstd, xdelta3, HDiffPatch, detools and bsdiff's streams in xz, in bytes.
BEST = {"pybricks": 19876, "micropython": 68420, "sshd": 19231, "libcrypto": 186420}


def run(program, command, folder):
    """CPU seconds and peak resident memory in bytes."""
    out = subprocess.run([program, "run", *command], cwd=folder, check=True, capture_output=True, text=True)
    seconds, kib = out.stdout.split()[-2:]
    return float(seconds), int(kib) * 1024


def fetch(command, folder):
    print("fetching:", " ".join(command), file=sys.stderr)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pybricks(folder):
    for version in ("7.27.0", "7.28.0"):
        out = folder / f"pybricks-{version}.bin"
        if not out.exists():
            fetch(["npm", "pack", f"@pybricks/firmware@{version}"], folder)
            subprocess.run(["tar", "xzf", f"pybricks-firmware-{version}.tgz", "package/build/primehub.zip"],
                           cwd=folder, check=True)
            with zipfile.ZipFile(folder / "package/build/primehub.zip") as bundle:
                out.write_bytes(bundle.read("firmware-base.bin"))
        yield out


def debian(name, package, versions, path):
    def pair(folder):
        for version in versions:
            out = folder / f"{name}-{version.split(':')[-1]}"
            if not out.exists():
                fetch(["apt-get", "download", f"{package}={version}"], folder)
                deb = glob.glob(str(folder / f"{package}_{version.replace(':', '%3a')}_*.deb"))[0]
                with tempfile.TemporaryDirectory() as tree:
                    subprocess.run(["dpkg-deb", "-x", deb, tree], check=True)
                    shutil.copy(glob.glob(f"{tree}/{path}")[0], out)
            yield out
    return pair


def micropython(folder):
    places = [folder, pathlib.Path(os.environ.get("AIOT_TEST_DATA", folder))]
    for version in ("1.9.4", "1.10"):
        yield next(p / f"micropython-{version}.bin" for p in places if (p / f"micropython-{version}.bin").exists())


PAIRS = {
    "pybricks": pybricks,
    "micropython": micropython,
    "sshd": debian("sshd", "openssh-server", ("1:9.2p1-2+deb12u9", "1:9.2p1-2+deb12u10"), "usr/sbin/sshd"),
    "libcrypto": debian("libcrypto", "libssl3", ("3.0.20-1~deb12u2", "3.0.22-1~deb12u2"),
                        "usr/lib/*/libcrypto.so.3"),
}


def tools(program, old, new):
    """Name, commands that make and apply."""
    yield "aiot", [program, "make", old, new, "delta"], [program, "apply", old, "delta", "result"]
    if shutil.which("bsdiff"):
        yield "bsdiff", ["bsdiff", old, new, "delta"], ["bspatch", old, "result", "delta"]
    if shutil.which("zstd"):
        yield ("zstd -19", ["zstd", "-q", "-f", "-19", "--long=27", f"--patch-from={old}", new, "-o", "delta"],
               ["zstd", "-q", "-f", "-d", "--long=27", f"--patch-from={old}", "delta", "-o", "result"])


def measure(name, old, new, program):
    old, new = str(pathlib.Path(old).resolve()), str(pathlib.Path(new).resolve())
    best = BEST.get(name)
    print(f"\n{name}: {os.path.getsize(old)} -> {os.path.getsize(new)} B")
    print(f"  {'':10}{'bytes':>9}{'ratio':>7}{'make s':>8}{'ratio':>7}{'make MiB':>9}{'apply s':>9}{'apply MiB':>10}")
    first = None
    for tool, make, apply in tools(program, old, new):
        with tempfile.TemporaryDirectory() as folder:
            make_s, make_bytes = run(program, make, folder)
            apply_s, apply_bytes = run(program, apply, folder)
            size = os.path.getsize(f"{folder}/delta")
            if pathlib.Path(f"{folder}/result").read_bytes() != pathlib.Path(new).read_bytes():
                raise RuntimeError(f"{tool}: the result is not the new file")
        first = first or (size, make_s)
        print(f"  {tool:10}{size:9}{size / first[0]:7.2f}{make_s:8.2f}{make_s / first[1]:7.2f}"
              f"{make_bytes / 2**20:9.1f}{apply_s:9.3f}{apply_bytes / 2**20:10.1f}")
    if best:
        print(f"  best of others {best} B: {first[0] / best:.3f} of it")
    return best is None or first[0] <= best * 1.02


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/bench_delta")
    parser.add_argument("--data", default="build/delta-pairs")
    parser.add_argument("--pair", nargs=3, action="append", default=[], metavar=("NAME", "OLD", "NEW"))
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    folder = pathlib.Path(options.data).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    ok = True
    for name, pair in PAIRS.items():
        try:
            old, new = pair(folder)
        except (subprocess.CalledProcessError, OSError, IndexError, RuntimeError) as problem:
            print(f"SKIP: {name}: {type(problem).__name__}: {problem}")
            continue
        ok = measure(name, old, new, program) and ok
    for name, old, new in options.pair:
        ok = measure(name, old, new, program) and ok
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
