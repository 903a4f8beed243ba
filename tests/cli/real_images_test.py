"""real_images_test.py AIOTCTL: real images, explained as Espressif's tool does, and flashed to their chips.

AIOT_TEST_DATA names the folder that holds esp-images/. What is expected is what `esptool image-info` (5.3.1)
prints for these files, and its own tests (test/test_image_info.py) assert, or for those without segments
what their headers hold (the ESP32-C6 has one code for 80 and 40 MHz, of which esptool prints 80m); the
partition table is what ESP-IDF's gen_esp32part.py makes of it. Each file is then written to a virtual device
of its chip without --force, verified, and read back byte for byte.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]
# Without a stub, an ESP8266's ROM cannot be read.
HAS_STUBS = (pathlib.Path(TOOL).resolve().parents[1] / "share/aiotctl/stubs").is_dir()
IMAGES = pathlib.Path(os.environ.get("AIOT_TEST_DATA", "")) / "esp-images"
NO_DRIVE = {"clk": 0, "q": 0, "d": 0, "cs": 0, "hd": 0, "wp": 0}

# File: its chip, where it belongs, and what `flash image` says of it: a dotted name and a value; of segments
# length, address, offset in the file, memory.
EXPECTED = {
    "bootloader_esp32_v5_2.bin": ("esp32", 0x1000, {
        "kind": "esp-bootloader", "size_bytes": 26768, "image.version": 1, "image.entry": 0x40080650,
        "image.flash_size": "2MB", "image.flash_freq": "40m", "image.flash_mode": "dout",
        "image.wp_pin": 0xEE, "image.drive": NO_DRIVE, "image.chip_id": 0, "image.chip": "esp32",
        "image.min_revision": "0.0", "image.min_revision_legacy": 0, "image.max_revision": "3.99",
        "image.checksum": "0xbe", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "10cec8cf739f34fb0473993b3cb0e3bd78402d6a7cc5b1cb5e1add2b1105f8ac",
        "image.bootloader": {"version": 1, "idf_version": "v5.2-dev-254-g1950b15",
                             "compiled": "Apr 25 2023 00:13:32"},
    }, [
        (0x01BDC, 0x3FFF0030, 0x00000018, ["BYTE_ACCESSIBLE", "DRAM", "DIRAM_DRAM"]),
        (0x03D20, 0x40078000, 0x00001BFC, ["CACHE_APP"]),
        (0x00004, 0x40080400, 0x00005924, ["IRAM"]),
        (0x00F2C, 0x40080404, 0x00005930, ["IRAM"]),
    ]),
    "partitions_singleapp.bin": ("esp32", 0x8000, {
        "kind": "partition-table", "size_bytes": 96, "table_md5": "absent", "partitions": [
            {"name": "factory", "type": "app", "subtype": "factory", "offset": 0x10000,
             "size_bytes": 0x100000, "flags": []},
            {"name": "rfdata", "type": "data", "subtype": "phy", "offset": 0x110000,
             "size_bytes": 0x40000, "flags": []},
            {"name": "wifidata", "type": "data", "subtype": "nvs", "offset": 0x150000,
             "size_bytes": 0x40000, "flags": []},
        ],
    }, None),
    "bootloader_esp32c3.bin": ("esp32c3", 0, {
        "kind": "esp-bootloader", "size_bytes": 17744, "image.version": 1, "image.entry": 0x403C0000,
        "image.flash_size": "2MB", "image.flash_freq": "40m", "image.flash_mode": "dio",
        "image.wp_pin": 0xEE, "image.drive": NO_DRIVE, "image.chip_id": 5, "image.chip": "esp32c3",
        "image.min_revision": "0.0", "image.min_revision_legacy": 0, "image.max_revision": "0.0",
        "image.checksum": "0x77", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "4faeab1bd3fd6a7d4adfa0fd38f41bfc67a8c3c0a9d6d882b65580da2e5e6347",
    }, [
        (0x00014, 0x3FCD6100, 0x00000018, ["DRAM", "BYTE_ACCESSIBLE"]),
        (0x01864, 0x3FCD6114, 0x00000034, ["DRAM", "BYTE_ACCESSIBLE"]),
        (0x00DE4, 0x403C0000, 0x000018A0, ["IRAM"]),
        (0x01E8C, 0x403C2000, 0x0000268C, ["IRAM"]),
    ]),
    "bootloader_esp32c3_legacy3.bin": ("esp32c3", 0x0, {
        "kind": "esp-bootloader", "size_bytes": 17840, "image.entry": 0x403CE000, "image.chip_id": 5,
        "image.flash_size": "2MB", "image.flash_freq": "80m", "image.flash_mode": "dio",
        "image.min_revision": "0.0", "image.min_revision_legacy": 3, "image.max_revision": "0.0",
        "image.checksum": "0x77", "image.checksum_valid": True, "image.sha256_appended": False,
    }, None),
    "bootloader_esp32c3_v03.bin": ("esp32c3", 0x0, {
        "kind": "esp-bootloader", "size_bytes": 18656, "image.entry": 0x403CBF10, "image.chip_id": 5,
        "image.flash_size": "4MB", "image.flash_freq": "80m", "image.flash_mode": "dio",
        "image.min_revision": "0.3", "image.min_revision_legacy": 3, "image.max_revision": "1.99",
        "image.checksum": "0xd3", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "71abc4084556861423e1735cf5e4262bc75a9c9a9dcf3d99ce552e501ea85483",
    }, None),
    "bootloader_esp32c2.bin": ("esp32c2", 0x0, {
        "kind": "esp-bootloader", "size_bytes": 17056, "image.entry": 0x403AC370, "image.chip_id": 12,
        "image.flash_size": "2MB", "image.flash_freq": "60m", "image.flash_mode": "dio",
        "image.min_revision": "1.0", "image.min_revision_legacy": 0, "image.max_revision": "2.99",
        "image.checksum": "0xff", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "1328618c716f8227966a372640625c4bea04232cdf5a57aee89f2c746c67499a",
    }, None),
    "bootloader_esp32c5.bin": ("esp32c5", 0x2000, {
        "kind": "esp-bootloader", "size_bytes": 19760, "image.entry": 0x4084BBA0, "image.chip_id": 23,
        "image.flash_size": "4MB", "image.flash_freq": "80m", "image.flash_mode": "dio",
        "image.min_revision": "1.0", "image.min_revision_legacy": 0, "image.max_revision": "1.99",
        "image.checksum": "0x67", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "13f6e61327c0f706841465bedb9a5812bc891d11e2b55f60d122b1861f652daf",
    }, None),
    "bootloader_esp32c6.bin": ("esp32c6", 0x0, {
        "kind": "esp-bootloader", "size_bytes": 20080, "image.entry": 0x4086B910, "image.chip_id": 13,
        "image.flash_size": "4MB", "image.flash_freq": "80m", "image.flash_mode": "dio",
        "image.min_revision": "0.0", "image.min_revision_legacy": 0, "image.max_revision": "0.99",
        "image.checksum": "0xcc", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "25973aa3792b31d3f5ee01de39d33da192959eca26cc7c922252908a173bf6dc",
    }, None),
    "bootloader_esp32s3.bin": ("esp32s3", 0x0, {
        "kind": "esp-bootloader", "size_bytes": 18768, "image.entry": 0x403C88A0, "image.chip_id": 9,
        "image.flash_size": "4MB", "image.flash_freq": "80m", "image.flash_mode": "dio",
        "image.min_revision": "0.0", "image.min_revision_legacy": 0, "image.max_revision": "0.99",
        "image.checksum": "0x9e", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "c5fb25d8084099b6e8225285e696d15d22382e92cf59f65755dad78fdcee088b",
    }, None),
    "partitions_nat_esp32.bin": ("esp32", 0x8000, {"kind": "partition-table", "size_bytes": 3072}, None),
    "esp_idf_blink_esp32s2.bin": ("esp32s2", 0x10000, {
        "kind": "esp-app", "size_bytes": 182368, "image.version": 1, "image.entry": 0x40022F84,
        "image.flash_size": "2MB", "image.flash_freq": "80m", "image.flash_mode": "dio",
        "image.wp_pin": 0xEE, "image.drive": NO_DRIVE, "image.chip_id": 2, "image.chip": "esp32s2",
        "image.min_revision": "0.0", "image.min_revision_legacy": 0, "image.max_revision": "0.0",
        "image.checksum": "0x18", "image.checksum_valid": True, "image.sha256_valid": True,
        "image.sha256": "10f48f4a71a48cc4c917d70d13bf717b1bc7f3187b3d564b00192f7e381531b7",
        "image.app": {
            "project": "blink", "version": "qa-test-v5.0-20220830-4-g4532e6", "date": "Sep 13 2022",
            "time": "19:46:07", "idf_version": "v5.0-beta1-427-g4532e6e0b2-dirt", "secure_version": 0,
            "elf_sha256": "3059e6b55a965865febd28fa9f6028ad5cd0dab311febb0a3ea79eaa223ac2b0",
            "min_efuse_block_revision": "0.0", "max_efuse_block_revision": "0.0",
        },
    }, [
        (0x08C18, 0x3F000020, 0x00000018, ["DROM"]),
        (0x0204C, 0x3FFBDE90, 0x00008C38, ["BYTE_ACCESSIBLE", "MEM_INTERNAL", "DRAM"]),
        (0x05384, 0x40022000, 0x0000AC8C, ["MEM_INTERNAL", "IRAM"]),
        (0x15CE8, 0x40080020, 0x00010018, ["IROM"]),
        (0x06B0C, 0x40027384, 0x00025D08, ["MEM_INTERNAL", "IRAM"]),
        (0x00010, 0x50000000, 0x0002C81C, ["RTC_DATA"]),
    ]),
    "bootloader_esp8266.bin": ("esp8266", 0, {
        "kind": "esp-bootloader", "size_bytes": 2752, "image.version": 1, "image.entry": 0x40100294,
        "image.flash_size": "512KB", "image.flash_freq": "40m", "image.flash_mode": "qio",
        "image.chip": "esp8266", "image.checksum": "0xc0", "image.checksum_valid": True,
        "image.sha256_appended": False,
    }, [
        (0x00574, 0x40100000, 0x00000008, ["IRAM"]),
        (0x00308, 0x3FFE8000, 0x00000584, ["DRAM"]),
        (0x0021C, 0x3FFE8308, 0x00000894, ["DRAM"]),
    ]),
    "esp8266_deepsleep.bin": ("esp8266", 0, {
        "size_bytes": 297632, "image.version": 1, "image.entry": 0x4010F29C, "image.flash_size": "4MB",
        "image.flash_freq": "40m", "image.flash_mode": "dio", "image.chip": "esp8266",
        "image.checksum": "0x2d", "image.checksum_valid": True, "image.sha256_appended": False,
    }, [
        (0x00568, 0x4010F000, 0x00000008, []),
    ]),
}


def run(*arguments):
    done = subprocess.run([TOOL, "--json", *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, timeout=120)
    assert done.returncode == 0, (arguments, done.returncode, done.stderr)
    return json.loads(done.stdout)["data"]


def explained(path, values, segments):
    data = run("flash", "image", path)
    assert data["problems"] == [], data["problems"]
    for name, expected in values.items():
        value = data
        for part in name.split("."):
            value = value[part]
        assert value == expected, (path.name, name, value, expected)
    if segments is None:
        return
    found = [(s["size_bytes"], s["address"], s["offset"], s["memory"]) for s in data["image"]["segments"]]
    assert found == segments, (path.name, found)


def written(path, chip, offset, folder):
    mac = "02:" + os.getpid().to_bytes(3, "big").hex(":") + ":00:00"
    sim = subprocess.Popen([TOOL, "sim", chip, "--mac", mac, "--profile", "fast"], stdout=subprocess.PIPE,
                           text=True)
    try:
        device = json.loads(sim.stdout.readline())["address"]
        image = f"{path}@{offset:#x}"
        run("flash", "write", device, image)
        run("flash", "verify", device, image)
        back = folder / path.name
        run("flash", "read", device, "--offset", offset, "--size", path.stat().st_size, "-o", back)
        assert back.read_bytes() == path.read_bytes(), f"{path.name} came back another"
    finally:
        sim.terminate()
        sim.wait()
        sim.stdout.close()


def main():
    if not os.environ.get("AIOT_TEST_DATA"):
        print("SKIP: AIOT_TEST_DATA is not set: no real images")
        return 77
    missing = [name for name in EXPECTED if not (IMAGES / name).is_file()]
    if missing:
        print(f"SKIP: {IMAGES} lacks {', '.join(missing)}")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        for name, (chip, offset, values, segments) in EXPECTED.items():
            explained(IMAGES / name, values, segments)
            if chip == "esp8266" and not HAS_STUBS:
                print(f"SKIP: {name} is not written: this build has no stubs, and a ROM cannot be read")
                continue
            written(IMAGES / name, chip, offset, pathlib.Path(folder))
    print(f"{len(EXPECTED)} real images explained, written, verified and read back")
    return 0


sys.exit(main())
