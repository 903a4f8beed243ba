"""Firmware images for the tests and measurements of `aiotctl ota`."""

import hashlib
import struct


def mcuboot_image(major, payload):
    """As imgtool makes it, without a signature: header, payload, SHA-256 (MCUboot, "Image format")."""
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, len(payload), 0, major, 0, 0, 0, 0)
    digest = hashlib.sha256(header + payload).digest()
    return header + payload + struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + digest


def esp_image(version, payload):
    """ESP-IDF, "App Image Format": an application for the ESP32, its description in mapped flash."""
    description = struct.pack("<II8x32s32s16s16s32s32s80x", 0xABCD5432, 0, version.encode(), b"lamp", b"", b"", b"v5.2", bytes(32))
    data = description + payload[:len(payload) & ~3]
    out = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000)
    out += struct.pack("<B3sHBHH4xB", 0xEE, bytes(3), 0, 0, 0, 0xFFFF, 1)
    out += struct.pack("<II", 0x3F400020, len(data)) + data
    checksum = 0xEF
    for byte in data:
        checksum ^= byte
    out += bytes(15 - len(out) % 16) + bytes([checksum])
    return out + hashlib.sha256(out).digest()
