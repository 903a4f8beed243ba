"""Chromium as a plain client of `aiotctl ota serve`: it trusts the server by the pin that the server prints, and by
nothing else; it shows files and ranges, and asks again with If-None-Match.

ota_chromium_test.py AIOTCTL"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

tool = sys.argv[1]
chromium = shutil.which("chromium")
if not chromium:
    print("SKIP: chromium is not installed: apt-get install chromium")
    sys.exit(77)

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    www = folder / "www"
    www.mkdir()
    (www / "notes.html").write_text("<p id=a>version 1.2.3</p>")
    (www / "page.html").write_text("""<p id=a>none</p><script>
        async function ask() {
          const first = await fetch("notes.html", {cache: "no-cache"});
          const text = await first.text();
          const piece = await fetch("notes.html", {headers: {Range: "bytes=8-14"}});
          document.getElementById("a").textContent = [first.status, piece.status, await piece.text(), text.length].join(" ");
        }
        ask();</script>""")
    log = folder / "access.jsonl"
    server = subprocess.Popen([tool, "ota", "serve", www, "--listen", "127.0.0.1:0", "--self-signed", "--name", "127.0.0.1",
                               "--state", folder / "state", "--access-log", log, "--jsonl"], stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(server.stdout.readline())
        threading.Thread(target=server.stdout.read, daemon=True).start()
        pin = ready["key_pin"].removeprefix("sha256//")

        def show(page, *more):
            return subprocess.run(
                [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 f"--user-data-dir={folder}/profile", "--virtual-time-budget=5000", *more, "--dump-dom",
                 ready["urls"][0] + page], capture_output=True, text=True, timeout=120).stdout

        trusted = f"--ignore-certificate-errors-spki-list={pin}"
        wrong = "--ignore-certificate-errors-spki-list=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        assert "version 1.2.3" not in show("notes.html", wrong)
        assert "version 1.2.3" in show("notes.html", trusted)
        dom = show("page.html", trusted)
        assert "200 206 version 25" in dom, dom
        assert "version 1.2.3" in show("notes.html", trusted)
    finally:
        server.terminate()
        server.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    statuses = {line["status"] for line in lines if "notes.html" in line["target"]}
    assert {200, 304} <= statuses, lines
print("Chromium trusts the pin alone, reads files and ranges, and asks for what is new")
