"""The station as a pytest, for lines that run on Python: reads the JSON Lines of `aiotctl`.

    BUILD=build DEVICES=devices.txt pytest examples/station/test_station.py

With CODES and WIFI it pairs devices, with BENCH and MODEL it measures them: see station.sh.
"""

import json
import os
import subprocess

import pytest

BOOT = ("--expect", "app: ready", "--fail-on", r"Guru Meditation|abort\(\)|invalid header", "--within", "20s")


def run(*command):
    """The last event of each device, by its address."""
    ran = subprocess.run(["aiotctl", "--jsonl", *command], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    last = {event["device"]: event for event in events if event["event"] in ("finished", "failed")}
    assert last, "no device was tried"
    return last


def setting(name):
    return os.environ.get(name) or pytest.skip(f"{name} is not set")


def good(results):
    bad = {device: (event["code"], event["message"]) for device, event in results.items() if event["event"] == "failed"}
    assert not bad
    return [event["data"] for event in results.values()]


def test_every_device_starts_within_two_seconds():
    written = good(run("flash", "write", "--devices", setting("DEVICES"), os.environ.get("BUILD", "build"), *BOOT))
    assert [device for device in written if device["boot"]["seconds"] > 2] == []


def test_every_device_is_paired():
    good(run("pair", "--devices", setting("CODES"), "--wifi-file", setting("WIFI"), "--jobs", "16"))


def test_every_device_computes_what_the_model_says():
    good(run("bench", "device", "--devices", setting("BENCH"), "--model", setting("MODEL")))
