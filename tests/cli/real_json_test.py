"""real_json_test.py AIOTCTL MAKE-IMAGES SCHEMA-FOLDER: what the real program prints against the shipped schemas.

Every verb is run on a virtual ESP32; the documents of --json and the lines of --jsonl must be valid.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("SKIP: python3-jsonschema is not installed")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
import captures  # noqa: E402

tool, make_images, schemas = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])


def check(document, name=None):
    name = name or document["schema"].replace("/", ".")
    schema = json.loads((schemas / f"{name}.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)


def output(*arguments):
    return subprocess.run([tool, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, text=True, timeout=120).stdout


def main():
    with tempfile.TemporaryDirectory() as folder:
        images = f"{folder}/images"
        subprocess.run([make_images, "--chip", "esp32", "--size", "64K", images], check=True,
                       stdout=subprocess.DEVNULL)
        elf = f"{folder}/app.elf"
        pathlib.Path(elf).write_bytes(captures.small_elf())
        files = [f"{images}/{name}" for name in ("app.bin", "bootloader.bin", "partitions.bin", "storage.bin")]
        files += [images, elf]
        table = f"{images}/partitions.bin"
        conversions = [("raw", elf), ("hex", elf), ("elf-segments", elf), ("esp-image", elf),
                       ("partition-csv", table), ("partition-table", table)]
        # No other device has this MAC, in no test that runs beside this one.
        mac = "02:" + os.getpid().to_bytes(3, "big").hex(":") + ":00:00"
        sim = subprocess.Popen([tool, "sim", "esp32", "--port", "pty", "--mac", mac, "--profile", "fast"],
                               stdout=subprocess.PIPE, text=True)
        try:
            ready = json.loads(sim.stdout.readline())
            check(ready)
            device = ready["address"]
            runs = [
                (0, "flash", "write", device, images),
                (0, "flash", "info", device),
                (0, "flash", "verify", device, images),
                (0, "flash", "read", device, "-p", "nvs", "-o", f"{folder}/nvs.bin"),
                (0, "flash", "erase", device, "-p", "nvs", "--yes"),
                (0, "flash", "reset", device),
                (9, "flash", "write", device, images, "--chip", "esp32c3"),
                *((0, "flash", "image", file) for file in files),
                (0, "flash", "merge", "-o", f"{folder}/merged.bin", f"{images}/bootloader.bin",
                 f"{images}/partitions.bin", f"{images}/app.bin"),
                (0, "flash", "image", f"{folder}/merged.bin"),
                *((0, "flash", "image", "--convert", form, "-o", f"{folder}/out-{form}", source,
                   "--chip", "esp32c3")
                  for form, source in conversions),
                (0, "flash", "image", f"{folder}/out-hex"),
                (0, "flash", "image", f"{folder}/out-esp-image"),
                (0, "config", "show", "--origin"),
            ]
            for code, *arguments in runs:
                document = json.loads(output("--json", *arguments))
                check(document)
                assert document["exit"] == code, (arguments, document["errors"])
            lines = [json.loads(line) for line in output("--jsonl", "flash", "info", device).splitlines()]
            for line in lines:
                check(line, "aiot.event.1")
            assert lines[-1]["event"] == "end", lines[-1]
        finally:
            sim.terminate()
            sim.wait()
    print(f"{len(runs) + 1 + len(lines)} documents are valid")


main()
