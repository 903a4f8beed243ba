"""bench_device_test.py AIOTCTL SCHEMA-FOLDER: `bench device` and `sim --bench`, both real programs.

The virtual devices' clocks run ahead where time does not matter: no figure here depends on how fast
this machine is.
"""

import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile

tool, schemas = sys.argv[1], pathlib.Path(sys.argv[2])

try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("SKIP: python3-jsonschema is not installed: the documents are not held against their schemas")


def check(document):
    if jsonschema:
        schema = json.loads((schemas / (document["schema"].replace("/", ".") + ".json")).read_text())
        jsonschema.Draft202012Validator(schema).validate(document)


@contextlib.contextmanager
def devices(*arguments, count=1):
    sim = subprocess.Popen([tool, "sim", *arguments, "--count", str(count)], stdout=subprocess.PIPE, text=True)
    try:
        ready = [json.loads(sim.stdout.readline()) for _ in range(count)]
        for line in ready:
            check(line)
        yield ready
    finally:
        sim.send_signal(signal.SIGTERM)
        assert sim.wait(20) == 0


def measure(*arguments, code=0):
    done = subprocess.run([tool, "bench", "device", "--json", *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    document = json.loads(done.stdout)
    check(document)
    return document


def networks():
    """Each built-in network on each kind of port: its results are the reference's."""
    for model, port in (("kws", "pty"), ("ic", "tcp:0"), ("ad", "rfc2217:0"), ("vww", "pty")):
        with devices("--bench", model, "--profile", "fast", "--port", port, "--latency", "20ms") as (device,):
            assert device["chip"] == "dut" and device["name"] == model + "01", device
            result = measure(device["address"], "--model", model)["data"]["devices"][0]
            assert result["model"] == model + "01"
            assert abs(result["performance"]["median_per_second"] - 50) < 0.1, result
            assert all(w["seconds"] >= 10 for w in result["performance"]["windows"])
            assert result["comparison"] == {"compared": 5, "equal": 5}, result


def real_models():
    """The models of the benchmark, where they are at hand."""
    folder = os.environ.get("AIOT_TEST_DATA")
    models = sorted(pathlib.Path(folder, "mlperf-tiny/models").glob("*.tflite")) if folder else []
    if not models:
        print("SKIP: the benchmark's own models: AIOT_TEST_DATA names no folder with mlperf-tiny/models")
    for model in models:
        known = {"ad01_int8": "ad01", "kws_ref_model": "kws01", "pretrainedResnet_quant": "ic01", "vww_96_int8": "vww01"}
        if model.stem not in known:
            continue
        with devices("--bench", str(model), "--profile", "fast") as (device,):
            assert device["name"] == known[model.stem], device
            result = measure(device["address"], "--model", str(model))["data"]["devices"][0]
            assert result["comparison"] == {"compared": 5, "equal": 5}, result


def differences():
    for fault, cause in (
        ("wrong-rounding", "kernel"),
        ("wrong-output:3", "kernel"),
        ("wrong-input", "quantisation"),
        ("wrong-scale:1.1", "quantisation"),
        ("wrong-scale:1.05", "quantisation"),
    ):
        with devices("--bench", "kws", "--profile", "fast", "--fault", fault) as (device,):
            document = measure(device["address"], "--model", "kws", code=9)
            assert document["errors"][0]["code"] == "bench.outputs_differ", document
            comparison = document["data"]["devices"][0]["comparison"]
            assert comparison["cause"] == cause, (fault, comparison)
            if fault == "wrong-output:3":
                assert comparison["first_difference"]["output"] == 3, comparison


def submission(folder):
    """The patterns are those of MLCommons' submission_checker.py."""
    with devices("--bench", "kws", "--profile", "fast") as (device,):
        address, out = device["address"], folder / "out"
        result = measure(address, "--results", str(out))["data"]["devices"][0]
        assert len(result["results"]) == 3
        text = (out / "kws/performance/results.txt").read_text()
        assert any(re.match(r".* Median throughput is\s+([\d\.]+) inf\./sec\..*", line) for line in text.splitlines())
        assert len(json.loads((out / "kws/performance/results.json").read_text())) == 5
        assert (out / "kws/performance/log.txt").stat().st_mode & 0o777 == 0o644
        again = measure(address, "--results", str(out), code=5)
        assert again["errors"][0]["code"] == "bench.results_exist"
        measure(address, "--results", str(out), "--force")
        for place in ("/etc/passwd", "/proc", str(folder / "no" / "such")):
            refused = measure(address, "--results", place, code=5)
            assert refused["errors"][0]["code"] == "bench.unwritable", refused


def rack(folder):
    with devices("--bench", "ad", "--profile", "fast", count=3) as ready:
        addresses = [device["address"] for device in ready]
        assert len(measure(*addresses, "--jobs", "2")["data"]["devices"]) == 3
        listed = folder / "rack"
        listed.write_text("".join(json.dumps(device) + "\n" for device in ready[:2]))
        missing = f"serial:{folder}/no-port"
        document = measure(addresses[2], missing, "--devices", str(listed), code=10)
        assert [device["ok"] for device in document["data"]["devices"]].count(True) == 3, document
        twice = measure(addresses[0], addresses[0], code=2)
        assert twice["errors"][0]["code"] == "usage.duplicate_device", twice


def energy():
    with devices("--bench", "kws", "--latency", "10ms", "--monitor", "--baud-limit", "115200") as (device,):
        address, monitor = device["address"], device["monitor"]
        assert device["addresses"] == [address, monitor] and address != monitor, device
        document = measure(address, "--monitor", monitor, "--voltage", "1.8", "--windows", "2", "--window", "300ms")
        result = document["data"]["devices"][0]
        assert result["monitor"]["kind"] == "lpm01a" and result["monitor"]["millivolts"] == 1800, result
        # 50 mW for 10 ms, by the virtual monitor's own samples: no clock of this machine is in it.
        assert abs(result["energy"]["median_microjoules"] - 500) < 10, result
        assert result["energy"]["bounded_by"] == "edges" and result["energy"]["lost_samples"] == 0, result


def refusals():
    for arguments in (
        ("tcp://127.0.0.1:9", "--mode", "energy"),
        ("tcp://127.0.0.1:9", "--mode", "accuracy"),
        ("tcp://127.0.0.1:9", "--voltage", "1.8"),
        ("tcp://127.0.0.1:9", "--baud", "9600,fast"),
        ("tcp://127.0.0.1:9", "--windows", "0"),
    ):
        measure(*arguments, code=2)
    done = subprocess.run([tool, "sim", "esp32", "--bench", "kws"], capture_output=True)
    assert done.returncode == 2, done
    # Names are listed wherever a model is named, and never an option that the command does not have.
    for wrong, said in (("kwz", "did you mean kws?"), ("no-such-model", "kws, vww, ic, ad")):
        for command in (("sim", "--bench", wrong), ("bench", "device", "tcp://127.0.0.1:9", "--model", wrong)):
            done = subprocess.run([tool, *command], capture_output=True, text=True)
            assert done.returncode == 3 and said in done.stderr, done
    done = subprocess.run([tool, "bench", "device", "tcp://127.0.0.1:9", "--data", ".", "--labels", "none.csv"],
                          capture_output=True, text=True)
    assert done.returncode == 3 and "none.csv: No such file" in done.stderr, done
    assert "next: check the name" in done.stderr and "--data-type" not in done.stderr, done
    for arguments, says in (
        (("--latency", "0s"), "--latency 0s"),
        (("--fault", "wrong-output:12"), "wrong-output:12: the model has 12 outputs"),
    ):
        done = subprocess.run([tool, "sim", "--bench", "kws", *arguments], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and says in done.stderr, done


def traces(folder):
    """One for each device; one that the disk does not take is reported."""
    with devices("--bench", "ad", "--profile", "fast", count=2) as ready:
        addresses = [device["address"] for device in ready]
        quick = ("--windows", "1", "--window", "1s")
        shared = measure(*addresses, *quick, "--trace", str(folder / "t"), code=2)
        assert shared["errors"][0]["code"] == "bench.shared_trace", shared
        assert not (folder / "t").exists()
        measure(*addresses, *quick, "--trace", str(folder / "t%d"))
        assert all((folder / name).read_text().count(" > ") > 5 for name in ("t1", "t2"))

        def small_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))

        for command in (("bench", "device", *quick), ("flash", "info", "--timeout", "5s")):
            done = subprocess.run([tool, *command, "--json", addresses[0], "--trace", str(folder / "t")],
                                  capture_output=True, text=True, timeout=60, restore_signals=False,
                                  preexec_fn=small_disk)
            document = json.loads(done.stdout)
            check(document)
            assert [n["code"] for n in document["notices"]].count("trace.unwritable") == 1, (command, document)


with tempfile.TemporaryDirectory() as name:
    networks()
    real_models()
    differences()
    submission(pathlib.Path(name))
    rack(pathlib.Path(name))
    energy()
    traces(pathlib.Path(name))
    refusals()
