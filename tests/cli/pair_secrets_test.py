"""No secret of a pairing is in a log, a trace, a result, a record or an argument list.

usage: pair_secrets_test.py AIOTCTL
"""
import json
import pathlib
import subprocess
import sys
import tempfile

program = sys.argv[1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="aiot-secrets-"))
PASSWORD, POP, TOKEN = "Tr0ub4dor-pass", "pop-Xy77Zq", "00112233445566778899aabbccddeeff"
MATTER, ESP = "MT:Y.K9042C00KA0648G00", '{"ver":"v1","name":"PROV_1","pop":"%s","transport":"ble"}' % POP
SECRETS = [PASSWORD, POP, TOKEN, "20202021", MATTER[3:]]


def secret_file(name, text):
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(text)
    return str(path)


def forms(secret):
    """A secret as text, as a trace writes bytes, and as hexadecimal digits."""
    raw = secret.encode()
    return [secret, raw.hex(" "), raw.hex(), raw.hex().upper()]


def check(what, text):
    for secret in SECRETS:
        for form in forms(secret):
            assert form not in text, f"{what} holds a secret"


wifi = secret_file("wifi.yaml", f"ssid: home\npassword: {PASSWORD}\n")
secrets = secret_file("secrets.yaml", f"pop: {POP}\ntoken: {TOKEN}\n")

# A code in an argument is blanked before anything else is done: standard input has not ended yet.
for code in (MATTER, ESP):
    waiting = subprocess.Popen([program, "pair", code, "--devices", "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    arguments = pathlib.Path(f"/proc/{waiting.pid}/cmdline")
    # It is blanked once the program has started: until then the arguments are those of the test.
    for _ in range(10_000_000):
        shown = arguments.read_bytes()
        if shown and code.encode() not in shown:
            break
    check("the argument list", shown.decode())
    assert b"*" * len(code) in shown
    out, err = waiting.communicate(b"", timeout=60)
    check("standard output", out.decode())
    check("standard error", err.decode())

# Each kind of virtual device, well and with each fault, with everything that can be written down.
kinds = json.loads(subprocess.run([program, "sim", "provision", "--list", "--json"], check=True,
                                  stdout=subprocess.PIPE).stdout)["data"]["kinds"]
checked = 0
for kind in [one["name"] for one in kinds]:
    for faults in ([], ["refuse-password"], ["garbage@joined"], ["wrong-state"]):
        options = [option for fault in faults for option in ("--fault", fault)]
        # Secrets of its own where it takes them: the line has no code then.
        for own in (["--secret-file", secrets], []):
            sim = subprocess.Popen([program, "sim", "provision", "--kind", kind, "--wifi-file", wifi, *own,
                                    *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            line = sim.stdout.readline()
            if line:
                break
            sim.wait()
        if not line:
            print(f"left out: {kind} needs what is not here")
            break
        for form in ([], ["--json"], ["--jsonl"]):
            command = [program, "pair", "--devices", "-", "--wifi-file", wifi, *own, "--timeout", "4s", "-vv",
                       "--trace", str(folder / "trace.txt"), "--log-file", str(folder / "log.txt"),
                       "--record", str(folder / "record.jsonl"), *form]
            ran = subprocess.run(command, input=line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            check(f"{kind} {faults} {form}: standard output", ran.stdout.decode())
            check(f"{kind} {faults} {form}: standard error", ran.stderr.decode())
            checked += 1
        sim.terminate()
        sim.wait(timeout=20)
for path in folder.iterdir():
    if path.name not in ("wifi.yaml", "secrets.yaml"):
        check(path.name, path.read_text(errors="replace"))
print(f"{checked} runs without a secret in what they wrote")
