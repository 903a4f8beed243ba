#!/usr/bin/env python3
"""pair_dpp.py AIOTCTL [RUNS]: Wi-Fi Easy Connect over TCP, from the start of `aiotctl pair` to DPP-CONF-RECEIVED.

The device is Debian's wpa_supplicant on a wired interface, in a network namespace; the time of its event is that of
its log. Goal: under 100 ms. Beside it: the stages that aiotctl reports, and its process CPU. Needs root, iproute2
and wpasupplicant.
"""

import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

RECEIVED = re.compile(r"^(\d+\.\d+): dev0: DPP-CONF-RECEIVED", re.MULTILINE)


def wait_for(ready, what):
    end = time.monotonic() + 10
    while not ready():
        if time.monotonic() > end:
            sys.exit(f"no {what} after 10 s")
        time.sleep(0.01)


def measure(aiotctl, code, wifi, log):
    seen = len(RECEIVED.findall(log.read_text()))
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.time()
    done = subprocess.run([aiotctl, "pair", code, "--at", "tcp://127.0.0.1", "--wifi-file", wifi, "--json"],
                          capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wait_for(lambda: len(RECEIVED.findall(log.read_text())) > seen, "DPP-CONF-RECEIVED")
    stages = json.loads(done.stdout)["data"]["devices"][0]["stages"]
    return {
        "received": (float(RECEIVED.findall(log.read_text())[-1]) - begin) * 1000,
        "process CPU": (after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime) * 1000,
        **{stage["stage"]: stage["ms"] for stage in stages},
    }


def main():
    aiotctl, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    if "AIOT_BENCH_INSIDE" not in os.environ:
        os.environ["AIOT_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    for command in ("link set lo up", "link add dev0 type veth peer name dev0-far", "link set dev0 up",
                    "link set dev0-far up"):
        subprocess.run(["ip", *command.split()], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "conf").write_text(f"ctrl_interface={folder}/ctl\ndpp_config_processing=0\n")
        wifi = folder / "wifi.yaml"
        wifi.touch(0o600)
        wifi.write_text("ssid: home\npassword: secret-pass\nsecurity: wpa2\n")
        log = folder / "log"
        device = subprocess.Popen(["wpa_supplicant", "-t", "-D", "wired", "-i", "dev0", "-c", folder / "conf", "-f",
                                   log], stdout=subprocess.DEVNULL)
        try:
            wait_for((folder / "ctl/dev0").exists, "wpa_supplicant")

            def ask(*command):
                return subprocess.run(["wpa_cli", "-p", folder / "ctl", "-i", "dev0", *command], check=True,
                                      capture_output=True, text=True).stdout.strip()

            code = ask("dpp_bootstrap_get_uri", ask("dpp_bootstrap_gen", "type=qrcode"))
            ask("dpp_controller_start", "role=enrollee")
            results = [measure(aiotctl, code, wifi, log) for _ in range(runs)]
        finally:
            device.terminate()
            device.wait()
    print(f"{runs} runs, ms: median (min to max)")
    for key in results[0]:
        values = [result[key] for result in results if key in result]
        print(f"  {key:<18} {statistics.median(values):7.1f} ({min(values):.1f} to {max(values):.1f})")


if __name__ == "__main__":
    main()
