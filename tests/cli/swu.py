"""The archive of SWUpdate: a cpio of the form `crc`."""

import pathlib


def cpio(names):
    """The files of these names in the current folder."""
    out = b""
    for number, entry in enumerate([*names, "TRAILER!!!"]):
        data = b"" if entry == "TRAILER!!!" else pathlib.Path(entry).read_bytes()
        fields = [number, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(entry) + 1, sum(data) & 0xFFFFFFFF]
        out += b"070702" + "".join(f"{field:08X}" for field in fields).encode() + entry.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out
