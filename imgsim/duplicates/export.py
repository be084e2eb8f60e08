"""The decisions to take away: a table, or a shell script that moves copies aside. Nothing is ever deleted."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from imgsim.duplicates.decisions import Group
from imgsim.duplicates.keepers import Facts

ASIDE = "duplicates_to_review"
_HEAD = f"""#!/bin/sh
# Moves suggested copies into {ASIDE}/ below the current folder. Nothing is deleted or overwritten.
# Read it before you run it.
set -eu
mkdir -p {ASIDE}
"""


def as_csv(groups: Sequence[Group], kept: Sequence[int], facts: Mapping[int, Facts], ids: Sequence[str]) -> str:
    """One line a grouped picture: group, kind, decision (keep or copy), id, width, height, sharpness.

    An id that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["group", "kind", "decision", "id", "width", "height", "sharpness"])
    for number, (group, keep) in enumerate(zip(groups, kept, strict=True), start=1):
        for row in group.rows:
            one = facts[row]
            about = [one.width, one.height, f"{one.sharpness:.1f}"]
            writer.writerow([number, group.kind, "keep" if row == keep else "copy", _harmless(ids[row]), *about])
    return text.getvalue()


def as_script(groups: Sequence[Group], kept: Sequence[int], ids: Sequence[str], path_of: Callable[[str], str]) -> str:
    """A POSIX shell script that moves every copy but the one kept into a folder; names are quoted, none collide."""
    lines = [_HEAD]
    for number, (group, keep) in enumerate(zip(groups, kept, strict=True), start=1):
        lines.append(f"# group {number}, {group.kind}; kept: {_one_line(ids[keep])}\n")
        for place, row in enumerate(row for row in group.rows if row != keep):
            path = path_of(ids[row])
            aside = f"{ASIDE}/{number:05}-{place + 1:03}-{PurePath(path).name}"
            lines.append(f"mv -n -- {shlex.quote(path)} {shlex.quote(aside)}\n")
    return "".join(lines)


def _one_line(text: str) -> str:
    """Text for a comment: a line break in a file name must not start a command."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
