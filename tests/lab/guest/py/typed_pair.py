#!/usr/bin/python3
"""typed_pair.py AIOTCTL ADDRESS OPTIONS…: runs `pair` in a terminal, and types the passkey that bond_device.py shows in
/run/shown when it is asked for. Prints what the terminal has shown, and the exit status."""
import os
import pty
import sys
import time

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "pair", sys.argv[2], "--timeout", "60s", *sys.argv[3:]])
said, typed = b"", False
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:    # the other end is closed
        break
    if not data:
        break
    said += data
    if not typed and b"the passkey that the device shows" in said:
        typed = True
        for _ in range(300):
            if os.path.exists("/run/shown"):
                break
            time.sleep(0.1)
        with open("/run/shown", "rb") as file:
            os.write(terminal, file.read())
print(said.decode(errors="replace"))
print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
