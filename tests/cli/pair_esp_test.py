"""pair_esp_test.py AIOTCTL: `pair` and `sim provision --kind esp`, both real programs, over TCP."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

tool = sys.argv[1]
said = []  # all that `pair` has printed or written

PASSWORD, PROOF = "correct-battery", "staple-4711"


@contextlib.contextmanager
def device(*arguments):
    """Gives where the device is, as its ready line has it."""
    sim = subprocess.Popen([tool, "sim", "provision", "--kind", "esp", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(sim.stdout.readline())["address"]
    finally:
        sim.send_signal(signal.SIGTERM)
        assert sim.wait(20) == 0


def pair(address, *arguments, code=0):
    done = subprocess.run([tool, "pair", address, "--json", *arguments], capture_output=True, text=True, timeout=90)
    said.append(done.stdout + done.stderr)
    assert done.returncode == code, (address, arguments, done.returncode, done.stdout, done.stderr)
    document = json.loads(done.stdout)
    return document, document["data"]["devices"][0]


def secret_file(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    wifi = secret_file(folder, "wifi.yaml", f"ssid: home\npassword: {PASSWORD}\n")
    other_wifi = secret_file(folder, "other.yaml", f"ssid: home\npassword: {PASSWORD}-not\n")
    elsewhere = secret_file(folder, "elsewhere.yaml", f"ssid: away\npassword: {PASSWORD}\n")
    user = secret_file(folder, "user.yaml", f"pop: {PROOF}\nusername: line\n")
    proof = secret_file(folder, "proof.yaml", f"pop: {PROOF}\n")
    wrong = secret_file(folder, "wrong.yaml", f"pop: {PROOF}x\nusername: line\n")
    data = folder / "data"
    data.write_bytes(b"\x00\xffhello")

    for security, secrets in (("0", proof), ("1", proof), ("2", user)):
        trace = folder / f"trace-{security}"
        with device("--port", f"http:0?security={security}", "--secret-file", secrets, "--wifi-file", wifi) as at:
            document, result = pair(at, "--wifi-file", wifi, "--secret-file", secrets, "--endpoint", "custom-data",
                                    "--data", str(data), "--trace", str(trace), "-v")
        said.append(trace.read_text(errors="replace"))
        assert [stage["stage"] for stage in result["stages"]] == [
            "found", "connected", "authenticated", "credentials_sent", "joined"], result
        assert result["ssid"] == "home" and result["endpoint_reply"] == "SUCCESS", result

    # One device, never switched off, through everything that a user gets wrong.
    with device("--secret-file", user, "--wifi-file", wifi) as at:
        document, _ = pair(at, "--wifi-file", wifi, "--secret-file", wrong, code=7)
        assert document["errors"][0]["code"] == "pair.wrong_proof", document
        document, _ = pair(at, "--wifi-file", wifi, "--secret-file", proof, code=2)
        assert document["errors"][0]["code"] == "pair.missing_secret", document
        document, _ = pair(at, "--wifi-file", other_wifi, "--secret-file", user, code=8)
        assert document["errors"][0]["code"] == "pair.network_refused", document
        document, result = pair(at, "--wifi-file", elsewhere, "--secret-file", user, code=8)
        assert document["errors"][0]["code"] == "pair.network_not_found", document
        assert [network["ssid"] for network in result["networks"]] == ["home", "neighbour"], result
        document, _ = pair(at, "--wifi-file", wifi, "--secret-file", user)
        document, _ = pair(at, "--wifi-file", wifi, "--secret-file", user, code=8)
        assert document["errors"][0]["code"] == "pair.window_closed", document

    # A second client takes the server's one socket, while the first waits for the join.
    with device("--secret-file", user, "--fault", "no-address") as at:
        first = subprocess.Popen([tool, "pair", at, "--jsonl", "--wifi-file", wifi, "--secret-file", user],
                                 stdout=subprocess.PIPE, text=True)
        for line in first.stdout:
            event = json.loads(line)
            if event.get("event") == "step" and event.get("name") == "join":
                break
        host, port = at.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))):
            rest = first.stdout.read()
        assert first.wait(20) == 6, rest
        assert "pair.superseded" in rest, rest

    # Nobody listens there.
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}"
    document, _ = pair(closed, "--wifi-file", wifi, "--secret-file", user, code=5)
    assert document["errors"][0]["code"] == "pair.unreachable", document

    for text in said:
        assert PASSWORD not in text and PROOF not in text, text
