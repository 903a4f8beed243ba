"""station.py AIOTCTL MAKE-IMAGES STATION.SH [CYCLES [SEED]]: the station of examples/, again and again, with faults.

Each cycle writes a build to eight virtual devices at the pace of boards, checks their boot, pairs four others and
measures two devices under test. Each of them has a fault, drawn by the seed, or none. Every row of the CSV must be
what its device's fault explains: the code, or success where the tool overcomes it. Prints the time of a cycle and
the tool's own share of it (its CPU time and that of the shell and jq).
"""

import contextlib
import csv
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

TOOL, MAKE_IMAGES, STATION = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
CYCLES = int(sys.argv[4]) if len(sys.argv) > 4 else 50
SEED = int(sys.argv[5]) if len(sys.argv) > 5 else 1

# What each fault must end as, by job; "" is none. Several codes: what is seen first.
FLASH = {"": {"good"}, "secure-boot": {"flash.secured"}, "flash-encryption": {"flash.secured"},
         "secure-download": {"esp.secure_download"}, "drop@data:forever": {"link.lost"},
         "write-protected:0x10000+0x1000:error": {"esp.refused"}, "write-protected:0x10000+0x1000": {"flash.verify_mismatch"},
         "corrupt@data": {"good"}, "no-stub": {"good"}, "stall@md5:1s": {"good"}, "lose-reply@data": {"good"},
         "reset@data/3": {"good"}}
PAIR = {"": {"good"}, "wrong-state": {"pair.window_closed"}, "refuse-password": {"pair.network_refused"},
        "no-network": {"pair.network_not_found"}, "silent@joined": {"pair.no_reply"},
        "garbage@credentials_sent": {"pair.protocol_violated"}}
BENCH = {"": {"good"}, "wrong-output:3": {"bench.outputs_differ"}, "wrong-scale:1.05": {"bench.outputs_differ"},
         "reboot@infer": {"good"}, "stall@infer:1s": {"good"}, "corrupt@data": {"good"}}


@contextlib.contextmanager
def device(*command):
    """A virtual device: its line."""
    process = subprocess.Popen([TOOL, "sim", *command], stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def draw(faults, chance=0.4):
    """A fault, or none more often than not."""
    return random.choice([name for name in faults if name]) if random.random() < chance else ""


def of(fault):
    return ("--fault", fault) if fault else ()


def cycle(folder, build, number):
    """Its seconds, the tool's seconds, and what no fault explains."""
    expected, rows = {}, {"flash": [], "pair": ["id,address,username,pop"], "bench": []}
    with contextlib.ExitStack() as stack:
        for index in range(8):
            fault = draw(FLASH)
            mac = "02:" + os.getpid().to_bytes(3, "big").hex(":") + f":{number & 255:02x}:{index:02x}"
            line = stack.enter_context(device("esp32", "--port", "pty", "--mac", mac, *of(fault)))
            rows["flash"].append(line["address"])
            expected["flash", line["address"]] = (fault, FLASH[fault])
        for index in range(4):
            fault = draw(PAIR)
            line = stack.enter_context(device("provision", "--kind", "esp", *of(fault)))
            rows["pair"].append(f"unit-{index},{line['address']},wifiprov,abcd1234")
            expected["pair", line["address"]] = (fault, PAIR[fault])
        for index in range(2):
            fault = draw(BENCH)
            line = stack.enter_context(device("--bench", "kws", "--profile", "fast", "--latency", "20ms", *of(fault)))
            rows["bench"].append(line["address"])
            expected["bench", line["address"]] = (fault, BENCH[fault])
        for job, lines in rows.items():
            path = folder / f"{job}.csv"
            path.write_text("\n".join([*lines, ""]))
            path.chmod(0o600)
        results = folder / "results.csv"
        results.unlink(missing_ok=True)
        settings = {"PATH": f"{TOOL.parent}:{os.environ['PATH']}", "CODES": folder / "pair.csv", "WIFI": folder / "wifi.yaml",
                    "BENCH": folder / "bench.csv", "MODEL": "kws"}
        used, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        ran = subprocess.run([STATION, build, results, folder / "flash.csv"], capture_output=True, text=True,
                             env={**os.environ, **settings}, timeout=180, check=False)
        seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    found = {(row[1], row[2]): row[4] for row in csv.reader(results.open())}
    wrong = [f"{key}: fault \"{fault}\", {found.get(key, 'no row')}" for key, (fault, codes) in expected.items()
             if found.get(key) not in codes]
    if wrong:
        wrong.append(ran.stderr)
    wrong += [f"{key}: a row of no device" for key in found.keys() - expected.keys()]
    if (ran.returncode == 0) != all(state == "good" for state in found.values()):
        wrong.append(f"exit code {ran.returncode} with {found}")
    faulty = sum(fault != "" for fault, _ in expected.values())
    bad = sum(state != "good" for state in found.values())
    return seconds, own, faulty, bad, wrong


def main():
    random.seed(SEED)
    times, shares, wrong, faults, failures = [], [], [], 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        build = folder / "build"
        subprocess.run([MAKE_IMAGES, "--chip", "esp32", "--size", "64K", "--text", "app: ready", build], check=True)
        (folder / "wifi.yaml").write_text("ssid: home\npassword: correct horse\n")
        (folder / "wifi.yaml").chmod(0o600)
        for number in range(CYCLES):
            seconds, own, faulty, bad, problems = cycle(folder, build, number)
            times.append(seconds)
            shares.append(own)
            faults, failures = faults + faulty, failures + bad
            wrong += [f"cycle {number}: {problem}" for problem in problems]
    print("\n".join(wrong))
    print(f"{CYCLES} cycles, 14 devices each, seed {SEED}: {faults} faults, {failures} failures, {len(wrong)} unexplained")
    print(f"a cycle takes {statistics.median(times):.2f} s (longest {max(times):.2f} s); the tool's own share is "
          f"{statistics.median(shares):.2f} s of CPU, {100 * sum(shares) / sum(times):.1f} %")
    sys.exit(1 if wrong else 0)


main()
