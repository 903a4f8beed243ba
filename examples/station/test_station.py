"""The station as a pytest, for lines that run on Python: reads the JSON Lines of `aiotctl flash`.

    BUILD=build DEVICES=devices.txt pytest examples/station/test_station.py
"""

import json
import os
import subprocess

import pytest

DEVICES = os.environ.get("DEVICES", "")
BUILD = os.environ.get("BUILD", "build")


def flash():
    """The last event of each device, by its address."""
    command = ["aiotctl", "flash", "write", "--devices", DEVICES, BUILD, "--jsonl",
               "--expect", "app: ready", "--fail-on", r"Guru Meditation|abort\(\)|invalid header", "--within", "20s"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    return {event["device"]: event for event in events if event["event"] in ("finished", "failed")}


@pytest.fixture(scope="session")
def results():
    found = flash()
    assert found, "no device was tried"
    return found


def test_every_device_is_good(results):
    bad = {device: event["error"] for device, event in results.items() if event["event"] == "failed"}
    assert not bad


def test_every_device_starts_within_two_seconds(results):
    slow = {device: event["data"]["boot"]["seconds"] for device, event in results.items()
            if event["event"] == "finished" and event["data"]["boot"]["seconds"] > 2}
    assert not slow
