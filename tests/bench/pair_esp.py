"""pair_esp.py AIOTCTL [RUNS]: ESP-IDF's provisioning over HTTP, against the virtual device, in milliseconds.

For each security scheme the median of RUNS: the process from start to end with its CPU time, and the device's stages.
The virtual device takes 100 ms to join. Goals: security 2 under 500 ms, a wrong proof reported in under 1 s.
"""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

tool = sys.argv[1]
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 11


def secret_file(folder, name, text):
    path = pathlib.Path(folder) / name
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def measure(security, secrets, wifi, expected):
    sim = subprocess.Popen([tool, "sim", "provision", "--kind", "esp", "--port", f"http:0?security={security}"],
                           stdout=subprocess.PIPE, text=True)
    try:
        address = json.loads(sim.stdout.readline())["address"]
        begin = time.monotonic()
        process = subprocess.Popen([tool, "pair", address, "--json", "--wifi-file", wifi, "--secret-file", secrets],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        document = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        wall = 1000 * (time.monotonic() - begin)
        assert os.waitstatus_to_exitcode(status) == expected, document
        device = document["data"]["devices"][0]
        stages = {stage["stage"]: stage["ms"] for stage in device["stages"]}
        return wall, 1000 * (usage.ru_utime + usage.ru_stime), 1000 * device["seconds"], stages
    finally:
        sim.send_signal(signal.SIGTERM)
        sim.wait(20)


def medians(security, secrets, wifi, expected=0):
    rows = [measure(security, secrets, wifi, expected) for _ in range(runs)]
    wall, cpu, device = (statistics.median(row[i] for row in rows) for i in range(3))
    names = rows[0][3]
    stages = {name: statistics.median(row[3][name] for row in rows) for name in names}
    return wall, cpu, device, stages


with tempfile.TemporaryDirectory() as folder:
    wifi = secret_file(folder, "wifi.yaml", "ssid: home\npassword: secret-pass\n")
    good = secret_file(folder, "good.yaml", "pop: abcd1234\nusername: wifiprov\n")
    wrong = secret_file(folder, "wrong.yaml", "pop: abcd1235\nusername: wifiprov\n")
    missed = []
    for security in (0, 1, 2):
        wall, cpu, device, stages = medians(security, good, wifi)
        listed = ", ".join(f"{name} {ms:.1f}" for name, ms in stages.items())
        print(f"security {security}: process {wall:.0f} ms, process CPU {cpu:.0f} ms, device {device:.0f} ms ({listed})")
        if wall >= 500:
            missed.append(f"security {security}")
    for security in (1, 2):
        wall, cpu, device, _ = medians(security, wrong, wifi, expected=7)
        print(f"security {security}, wrong proof: process {wall:.0f} ms, process CPU {cpu:.0f} ms, device {device:.0f} ms")
        if wall >= 1000:
            missed.append(f"wrong proof, security {security}")
    sys.exit("goal missed: " + ", ".join(missed) if missed else 0)
