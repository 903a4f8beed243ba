"""capture_tcpdump.py AIOTCTL: what tcpdump wrote, aiotctl reads.

In a network namespace libcoap's client asks its server for /.well-known/core while tcpdump captures: on the
interface (Ethernet), on all at once (Linux cooked, version 2), and in nanoseconds. `aiotctl discover --pcap` finds
the server in each capture, with the resources that it named.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

START_S = 60  # a busy machine takes its time to start a program
PROGRAMS = ("unshare", "ip", "tcpdump", "coap-server-notls", "coap-client-notls")


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(0)


def enter_namespace():
    """Starts this script anew in a network of its own."""
    if os.environ.get("AIOT_IN_NAMESPACE"):
        return
    if os.geteuid() != 0:
        skip("a network namespace needs root")
    for program in PROGRAMS:
        if not shutil.which(program):
            skip(f"{program} is not installed")
    if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("no network namespace can be made here")
    os.environ["AIOT_IN_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def ask_the_server():
    """One answered question; the server may just be starting."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        asked = subprocess.run(["coap-client-notls", "-B", "2", "coap://10.77.0.1/.well-known/core"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if "</" in asked.stdout:
            return
    sys.exit(f"no answer from coap-server: {asked.stderr}")


def capture(path, *options):
    """Captures one question and its answer."""
    dump = subprocess.Popen(["tcpdump", "-Z", "root", "-n", "-U", "--immediate-mode", "-w", str(path), *options,
                             "udp port 5683"], stderr=subprocess.PIPE, text=True)
    while "listening on" not in dump.stderr.readline():
        if dump.poll() is not None:
            sys.exit("tcpdump has ended")
    # The answer is in the file when it has grown by two packets.
    size_before = path.stat().st_size if path.exists() else 0
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        ask_the_server()
        if path.exists() and path.stat().st_size > size_before + 200:
            break
    dump.send_signal(signal.SIGINT)
    dump.wait(START_S)


def check(tool, path, name):
    shown = subprocess.run([tool, "discover", "--pcap", str(path), "--json"], stdout=subprocess.PIPE)
    result = json.loads(shown.stdout)
    devices = result["data"]["devices"]
    if shown.returncode != 0 or len(devices) != 1:
        sys.exit(f"{name}: exit {shown.returncode}: {result}")
    device = devices[0]
    if "10.77.0.1" not in device["ips"] or "/time" not in device["facts"].get("coap.resources", []):
        sys.exit(f"{name}: not the server: {device}")
    print(f"{name}: {result['data']['sources'][0]['detail']}")


def main():
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Of a device: 127.0.0.1 is nobody's address.
    subprocess.run(["ip", "address", "add", "10.77.0.1/32", "dev", "lo"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(["coap-server-notls", "-A", "10.77.0.1"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            ask_the_server()
            for name, options in (("Ethernet", ["-i", "lo"]), ("cooked", ["-i", "any"]),
                                  ("nanoseconds", ["-i", "lo", "--time-stamp-precision=nano"])):
                path = pathlib.Path(folder) / f"{name}.pcap"
                capture(path, *options)
                check(sys.argv[1], path, name)
        finally:
            server.terminate()
            server.wait(START_S)


if __name__ == "__main__":
    main()
