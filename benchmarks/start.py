"""How long it takes to begin: `import imgsim`, `imgsim --help`, and what a tutorial imports before its first line."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from benchmarks._rows import Row

ROUNDS = 5
TUTORIAL = "import torch, torchvision, sklearn.neighbors, PIL.Image, numpy"


def stage() -> Iterator[Row]:
    """Processes from start to end, by turns."""
    empty = ("-c", "pass")
    usual = "what a tutorial imports"
    yield _row("import imgsim", ("-c", "import imgsim"), ("-W", "ignore", "-c", TUTORIAL), usual)
    yield _row("imgsim --help", ("-m", "imgsim", "--help"), ("-W", "ignore", "-c", TUTORIAL), usual)
    yield Row("an empty Python process", statistics.median(_seconds(empty) for _ in range(ROUNDS)))


def _row(name: str, ours: Sequence[str], peer: Sequence[str], versus: str) -> Row:
    _seconds(peer)  # files come from the disk once
    pairs = [(_seconds(ours), _seconds(peer)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Row(name, mine, theirs, versus, ratio=statistics.median(b / a for a, b in pairs))


def _seconds(arguments: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
