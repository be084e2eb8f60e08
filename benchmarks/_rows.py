"""What a stage measures: `Row`, one comparison; `compare`, which measures ours and the peer by turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

FASTER = frozenset({"s", "ms", "MB"})  # units in which less is better


@dataclass(frozen=True)
class Row:
    """One comparison; `ours` and `peer` are medians in `unit`.

    Attributes:
        name: what was done, with its size: "kNN graph, 20,000 x 128, k = 15". It names the row in the history.
        ours: our figure.
        peer: that of what a person would use instead; None where nothing does the same.
        versus: who that is.
        unit: "s", "ms", "MB" (less is better) or a rate such as "images/s" (more is better).
        ratio: how many times as good as the peer, the median over the rounds; from the medians where not given.
        quality: measures by name beside the speed, such as {"recall": .99, "peer recall": 1.0}.
    """

    name: str
    ours: float
    peer: float | None = None
    versus: str = ""
    unit: str = "s"
    ratio: float | None = None
    quality: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ratio is None and self.peer:
            ratio = self.peer / self.ours if self.unit in FASTER else self.ours / self.peer
            object.__setattr__(self, "ratio", ratio)


def compare(
    name: str,
    ours: Callable[[], Any],
    peer: Callable[[], Any],
    versus: str,
    *,
    rounds: int = 3,
    quality: Callable[[Any, Any], Mapping[str, float]] = lambda _ours, _peer: {},
) -> Row:
    """Seconds of two callables, by turns; `quality` is given what both returned in the last round."""
    seconds: list[tuple[float, float]] = []
    for _ in range(rounds):
        first, mine = clocked(ours)
        second, theirs = clocked(peer)
        seconds.append((first, second))
    return Row(
        name,
        statistics.median(a for a, _ in seconds),
        statistics.median(b for _, b in seconds),
        versus,
        ratio=statistics.median(b / a for a, b in seconds),
        quality=quality(mine, theirs),
    )


def clocked(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what it returned."""
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result
