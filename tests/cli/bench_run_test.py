"""bench_run_test.py AIOTCTL SCHEMA-FOLDER: `bench run` of the real program, on this machine.

No figure of time is judged here: only that they are there, that they agree with each other, and what
the result says of the machine.
"""

import hashlib
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile

tool, schemas = sys.argv[1], pathlib.Path(sys.argv[2])
QUICK = ("--runs", "20", "--warm-up", "1ms", "--no-peak")

try:
    import jsonschema
except ImportError:
    jsonschema = None
    print("SKIP: python3-jsonschema is not installed: the documents are not held against their schemas")


def check(document, name=None):
    name = name or document["schema"].replace("/", ".")
    if jsonschema:
        schema = json.loads((schemas / f"{name}.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(document)


def run(*arguments, given=b"", code=0):
    done = subprocess.run([tool, "bench", "run", *arguments], input=given, capture_output=True, timeout=100)
    assert done.returncode == code, (arguments, done.returncode, done.stderr.decode())
    return done


def document(*arguments, code=0):
    result = json.loads(run("--json", *arguments, code=code).stdout)
    check(result)
    assert result["exit"] == code
    return result


def error(*arguments, code):
    return document(*arguments, code=code)["errors"][0]


def infer(model, data):
    return run(model, "--input", "-", "--output", "-", given=data).stdout


def figures():
    """The four networks, with the figures of MLPerf Tiny's architectures."""
    result = document(*QUICK)["data"]
    macs = {m["name"]: m["macs"] for m in result["models"]}
    assert macs == {"kws": 2656768, "vww": 7489664, "ic": 12501632, "ad": 264192}, macs
    for model in result["models"]:
        latency = model["latency"]
        ordered = [latency[name] for name in ("min_us", "p50_us", "p90_us", "p99_us", "p999_us", "max_us")]
        assert ordered == sorted(ordered) and ordered[0] > 0, latency
        assert latency["runs"] == 20 == sum(bar["count"] for bar in latency["histogram"])
        assert abs(sum(op["share"] for op in model["operators"]) - 1) < 1e-9
        assert sum(op["macs"] for op in model["operators"]) == model["macs"]
        assert [op["index"] for op in model["operators"]] == list(range(len(model["operators"])))
        assert sum(group["count"] for group in model["groups"]) == len(model["operators"])
        assert model["memory"]["arena_bytes"] > 0 and model["complete"]
        assert abs(model["runs_per_s"] * latency["p50_us"] / 1e6 - 1) < 1e-6, model["runs_per_s"]
        # What lies between two runs is part of the time, so that it is below one over the mean.
        assert 0 < model["reached_runs_per_s"] * latency["mean_us"] / 1e6 <= 1 + 1e-6, model
    lines = run("--jsonl", "ad", *QUICK).stdout.decode().splitlines()
    events = [json.loads(line) for line in lines]
    for event in events:
        check(event, "aiot.event.1")
        if event["event"] == "finished":
            check(event["data"], event["schema"].replace("/", "."))
    assert [e["event"] for e in events].count("finished") == 1 and events[-1]["event"] == "end"


def bytes_through(folder):
    """Raw bytes, by file and by pipe, alike on every set of instructions and any number of threads."""
    data = bytes(range(256)) * 2
    data = data[:490]
    expected = infer("kws", data)
    assert len(expected) == 12 and len(set(expected)) > 1
    (folder / "x").write_bytes(data)
    for more in ([], ["--isa", "scalar"], ["--threads", "2"]):
        run("kws", "-i", str(folder / "x"), "-o", str(folder / "y"), *more)
        assert (folder / "y").read_bytes() == expected, more
    report = document("kws", "-i", str(folder / "x"))
    assert report["data"]["outputs"][0]["sha256"] == hashlib.sha256(expected).hexdigest()
    wrong = run("kws", "-i", "-", given=data[:-1], code=3).stderr.decode()
    assert "489 bytes" in wrong and "1x49x10x1 of INT8, 490 bytes" in wrong, wrong
    assert "did you mean kws" in run("kwz", code=3).stderr.decode()
    assert "error: /dev/null: not a regular file" in run("/dev/null", code=3).stderr.decode()


def classes(folder):
    """Accuracy as this program counts it by itself, from the bytes of each file."""
    data = folder / "kws"
    data.mkdir()
    matrix = [[0] * 12 for _ in range(12)]
    lines = []
    for i in range(40):
        name = f"f{i}.bin"
        content = hashlib.shake_256(name.encode()).digest(490)
        (data / name).write_bytes(content)
        values = struct.unpack("12b", infer("kws", content))
        truth = i % 12
        matrix[truth][values.index(max(values))] += 1
        lines.append(f"{name},12,{truth}")
    (data / "y_labels.csv").write_text("\n".join(lines))
    right = sum(matrix[i][i] for i in range(12))
    for workers in ("1", "3"):
        found = document("kws", *QUICK, "--data", str(data), "--workers", workers)["data"]["models"][0]["accuracy"]
        assert found["confusion"] == matrix, found
        assert found["right"] == right and abs(found["top1"]["value"] - right / 40) < 1e-12
        assert found["top1"]["low"] <= right / 40 <= found["top1"]["high"]
    beyond = error("kws", *QUICK, "--data", str(data), "--min-accuracy", str(min(1, (right + 1) / 40)), code=9)
    assert beyond["code"] == "bench.below_minimum", beyond
    (data / "y_labels.csv").write_text("f0.bin,12,0\n../x,12,0\n")
    assert error("kws", *QUICK, "--data", str(data), code=3)["code"] == "bench.bad_labels"


def anomalies(folder):
    """Sliding windows of real values, scored here with the model's own bytes."""
    data = folder / "ad"
    data.mkdir()
    quick = ("ad", *QUICK)
    shape = document(*quick)["data"]["models"][0]
    scale_in, zero_in = shape["inputs"][0]["scale"], shape["inputs"][0]["zero_point"]
    scale_out, zero_out = shape["outputs"][0]["scale"], shape["outputs"][0]["zero_point"]

    def float32(value):
        return struct.unpack("<f", struct.pack("<f", value))[0]

    def quantised(value):
        step = float32(value / scale_in)
        rounded = int(abs(step) + 0.5) * (1 if step >= 0 else -1)
        return max(-128, min(127, rounded + zero_in))

    scores = []
    lines = []
    for i in range(6):
        raw = hashlib.shake_256(f"ad{i}".encode()).digest(640 + 128)
        values = [float32((byte - 128) * scale_in * (0.2 + 0.1 * (i % 3))) for byte in raw]
        name = f"f{i}.bin"
        (data / name).write_bytes(struct.pack(f"<{len(values)}f", *values))
        total = 0.0
        for start in (0, 128):
            window = values[start:start + 640]
            out = infer("ad", struct.pack("640b", *(quantised(v) for v in window)))
            drawn = [(b - zero_out) * scale_out for b in struct.unpack("640b", out)]
            total += sum((d - v) ** 2 for d, v in zip(drawn, window)) / 640
        scores.append((total / 2, i % 2))
        lines.append(f"{name},2,{i % 2},2560,512")
    (data / "y_labels.csv").write_text("\r\n".join(lines) + "\r\n")
    pairs = [(p, n) for p, t in scores if t for n, u in scores if not u]
    expected = sum(1 if p > n else 0.5 if p == n else 0 for p, n in pairs) / len(pairs)
    found = document(*quick, "--data", str(data))["data"]["models"][0]["accuracy"]
    assert found["windows"] == 12 and found["form"] == "float32, quantised", found
    assert abs(found["auc"]["value"] - expected) < 1e-12, (found, scores)


def baselines(folder):
    """Held to an earlier result, and to one in which all was better."""
    earlier = document("ad", *QUICK)
    (folder / "b.json").write_text(json.dumps(earlier))
    fine = document("ad", *QUICK, "--baseline", str(folder / "b.json"), "--max-regression", "10000%")
    assert fine["data"]["models"][0]["comparison"]["same_outputs"] is True
    assert fine["data"]["models"][0]["comparison"]["baseline_spoiled"] is bool(earlier["data"]["models"][0]["spoiled"])
    (folder / "b.json").write_text(json.dumps({**earlier, "ok": False}))
    assert error("ad", *QUICK, "--baseline", str(folder / "b.json"), code=3)["code"] == "bench.bad_baseline"
    model = earlier["data"]["models"][0]
    model["latency"]["p50_us"] = 0.001
    model["memory"]["weights_bytes"] = 1
    (folder / "b.json").write_text(json.dumps(earlier))
    worse = error("ad", *QUICK, "--baseline", str(folder / "b.json"), code=9)
    assert worse["code"] == "bench.worse" and "the median is" in worse["message"], worse
    assert "arena and weights" in worse["message"] and worse["step"] == "compare", worse
    other = error("kws", *QUICK, "--baseline", str(folder / "b.json"), code=3)
    assert other["code"] == "bench.not_comparable" and "--force" not in other["message"], other
    other = error("ad", *QUICK, "--isa", "scalar", "--baseline", str(folder / "b.json"), code=3)
    assert "instructions" in other["message"], other
    document("kws", *QUICK, "--baseline", str(folder / "b.json"), "--force", "--max-regression", "10000%", code=9)


def report(folder):
    """One page that needs nothing else."""
    page = folder / "page.html"
    run("ad", *QUICK, "--report", str(page))
    text = page.read_text()
    assert text.count("<svg ") == 2 and "http" not in text and "<script" not in text
    run("ad", *QUICK, "--report", str(folder / "dry.html"), "-n")
    assert not (folder / "dry.html").exists()


def places(folder):
    """A place that cannot be written is reported at once, in a code of its own; what was measured is kept."""
    (folder / "plain").write_text("kept")
    for place in (folder / "no" / "such.html", folder / "plain" / "x.svg", pathlib.Path("/proc/x.html")):
        refused = document("ad", *QUICK, "--report", str(place), code=5)
        assert refused["errors"][0]["code"] == "bench.unwritable" and str(place) in refused["errors"][0]["message"]
    assert (folder / "plain").read_text() == "kept"
    place = folder / "going"
    place.mkdir()
    process = subprocess.Popen([tool, "bench", "run", "ad", "--duration", "1s", "--warm-up", "1ms", "--no-peak",
                                "--json", "--report", str(place / "x.html"), "--log-file", "/dev/stderr"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "measure" in line:
            assert list(place.iterdir()) == []
            place.rmdir()
            break
    out, _ = process.communicate()
    result = json.loads(out)
    check(result)
    assert process.returncode == 12 and result["errors"][0]["code"] == "bench.report_failed", result["errors"]
    assert result["data"]["models"][0]["latency"]["runs"] > 0


def busy():
    """While other processes load every CPU, the result says so."""
    load = [subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
            for _ in range(2 * (os.cpu_count() or 1))]
    try:
        for process in load:
            process.stdout.readline()
        model = document("ad", "--duration", "1s", "--warm-up", "1ms", "--no-peak", "--no-profile")["data"]["models"][0]
    finally:
        for process in load:
            process.kill()
            process.wait()
    codes = [reason["code"] for reason in model["spoiled"]]
    assert "bench.busy" in codes, model["around"]
    assert model["around"]["others_share"] > 0.1


def interrupted():
    """Ctrl-C: what was measured so far, exit 130."""
    process = subprocess.Popen([tool, "bench", "run", "ad", "kws", "--duration", "1h", "--warm-up", "1ms", "--no-peak",
                                "--jsonl"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        if json.loads(line)["event"] == "progress":
            process.send_signal(signal.SIGINT)
            break
    events = [json.loads(line) for line in process.stdout]
    assert process.wait() == 130
    assert events[-1] == {**events[-1], "event": "end", "exit": 130}
    assert any(e["event"] == "failed" and e["code"] == "bench.stopped" for e in events), events
    process = subprocess.Popen([tool, "bench", "run", "ad", "--duration", "1h", "--warm-up", "1ms", "--no-peak",
                                "--json", "--log-file", "/dev/stderr"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    for line in process.stderr:
        if "measure" in line:
            process.send_signal(signal.SIGINT)
            break
    out, _ = process.communicate()
    assert process.returncode == 130
    data = json.loads(out)["data"]
    assert data["complete"] is False and data["models"][0]["latency"]["runs"] > 0


def out_of_time():
    """--timeout: what was measured so far, exit 6, and the step that it ended in."""
    slow = ("--duration", "1h", "--no-peak", "--warm-up", "1ms", "--timeout", "400ms")
    result = document("ad", "kws", *slow, code=6)
    assert [e["code"] for e in result["errors"]] == ["bench.timeout"], result["errors"]
    told = result["errors"][0]
    assert told["device"] == "ad" and told["step"] == "measure" and told["hint"].startswith("allow more time"), told
    data = result["data"]
    assert data["complete"] is False and len(data["models"]) == 1 and data["models"][0]["latency"]["runs"] > 0
    warm = error("ad", "--no-peak", "--timeout", "1ms", code=6)
    assert warm["step"] in ("load", "warm up"), warm
    assert "--timeout gives more" in run("ad", *slow, code=6).stderr.decode()


with tempfile.TemporaryDirectory() as name:
    place = pathlib.Path(name)
    figures()
    bytes_through(place)
    classes(place)
    anomalies(place)
    baselines(place)
    report(place)
    places(place)
    busy()
    interrupted()
    out_of_time()
print("bench run does what it says")
