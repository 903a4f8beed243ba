"""The commands of README.md and of the manual pages, as their readers would type them.

A command that a test cannot run is marked in the source, with the reason, on the line before its block or in its
row of a table:

    <!-- not run: needs a USB adapter -->        in README.md
    ; not run: needs a USB adapter               in man/*.scd
"""

import dataclasses
import re

MARK = re.compile(r"not run: (.*?)(?: -->|$)")


@dataclasses.dataclass
class Command:
    place: str  # FILE:LINE
    text: str   # of one line; the shell's
    reason: str = ""  # why no test runs it


def joined(lines):
    """Lines that a backslash, a pipe or a `case` continues are one command; with the number of its first line."""
    out = []
    open_line = in_case = False
    for number, line in lines:
        if open_line:
            out[-1][1] += ("\n" if in_case else " ") + line.strip()
        else:
            out.append([number, line.strip()])
        text = out[-1][1]
        in_case = text.startswith("case ") and not text.endswith("esac")
        open_line = in_case or text.endswith(("\\", "|"))
        out[-1][1] = text.removesuffix("\\").rstrip()
    return [(number, text) for number, text in out if text and not text.startswith("#")]


def of_block(place, lines, reason):
    """The commands of a block in which aiotctl is used."""
    if any(re.search(r"\baiotctl[ /]", line) for _, line in lines):
        for number, text in joined(lines):
            yield Command(f"{place}:{number}", text, reason)


def of_readme(path):
    block, reason, fresh = [], "", True
    for number, line in enumerate(path.read_text().splitlines() + [""], 1):
        if line.startswith("    ") or (block and not line):
            block.append((number, line))
            continue
        yield from of_block(path.name, block, reason)
        if block:
            block, reason = [], ""
        mark = MARK.search(line)
        if line.startswith("| "):
            for code in re.findall(r"`((?:sudo )?aiotctl (?:[^`])*)`", line.split(" | ", 1)[-1]):
                yield Command(f"{path.name}:{number}", code.replace("\\|", "|"), mark[1] if mark else "")
        elif mark:
            reason = mark[1]
        elif line:
            reason = ""
    assert not block


def of_page(path):
    """Blocks between ``` lines; a backslash is doubled there."""
    block, reason, inside = [], "", False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        mark = MARK.search(line) if line.startswith("; ") else None
        if line == "```":
            if inside:
                yield from of_block(path.name, block, reason)
                block, reason = [], ""
            inside = not inside
        elif inside:
            block.append((number, line.replace("\\\\", "\\")))
        elif mark:
            reason = mark[1]


def commands(source):
    """All of them, with those that are marked."""
    out = list(of_readme(source / "README.md"))
    for path in sorted((source / "man").glob("*.scd")):
        out += of_page(path)
    return out


def stages(text):
    """The commands of a pipeline; a | within quotes is none of its joints."""
    return [part.strip() for part in re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^|'\"])+", text)]
