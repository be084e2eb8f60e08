"""From scores to decisions: which pairs are copies at given thresholds, and the groups they form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from imgsim.duplicates.groups import medoid_groups
from imgsim.duplicates.scoring import NEAR, Scored
from imgsim.duplicates.verification import ENOUGH
from imgsim.types import Ints

Kind = Literal["exact", "near", "transformed"]


@dataclass(frozen=True)
class Thresholds:
    """When a pair counts as copies.

    Attributes:
        bits: most bits of 256 that may differ between the hashes of near copies.
        points: fewest keypoints that must agree for a transformed copy.
    """

    bits: int = NEAR
    points: int = ENOUGH


@dataclass(frozen=True)
class Pair:
    """Two rows and why they count as copies; `score` is 1 for exact, a share of equal bits, or a number of points."""

    a: int
    b: int
    kind: Kind
    score: float


@dataclass(frozen=True)
class Group:
    """Rows of one group, the medoid first, and the loosest kind of copy in it."""

    rows: tuple[int, ...]
    kind: Kind


@dataclass(frozen=True)
class Decision:
    """What counts as copies."""

    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]


def decide(scored: Scored, thresholds: Thresholds | None = None) -> Decision:
    """Pairs and groups at the thresholds; groups by size, largest first. An exact copy is paired with the first."""
    at = thresholds or Thresholds()
    near, transformed = _accepted(scored, at)
    copies = np.flatnonzero(scored.first != np.arange(len(scored.first)))
    pairs = [Pair(int(scored.first[row]), int(row), "exact", 1.0) for row in copies]
    for place in np.flatnonzero(near | transformed).tolist():
        a, b = scored.pairs[place].tolist()
        kind: Kind = "near" if near[place] else "transformed"
        score = 1 - scored.bits[place] / 256 if near[place] else scored.points[place]
        pairs.append(Pair(a, b, kind, float(score)))
    return Decision(tuple(pairs), _groups(scored.first, scored.pairs[near | transformed], pairs))


def _accepted(scored: Scored, at: Thresholds) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    near = (scored.turn == 0) & (scored.bits <= at.bits)
    return near, ~near & (scored.points >= at.points)


def _groups(first: Ints, links: npt.NDArray[np.int64], pairs: list[Pair]) -> tuple[Group, ...]:
    copies: dict[int, list[int]] = {}
    for pair in pairs:
        if pair.kind == "exact":
            copies.setdefault(pair.a, []).append(pair.b)
    stars = medoid_groups(links, len(first))
    grouped = {row for star in stars for row in star}
    stars += [[row] for row in copies if row not in grouped]
    kinds = {(pair.a, pair.b): pair.kind for pair in pairs}
    found = [_group(star, copies, kinds) for star in stars]
    return tuple(sorted(found, key=lambda group: (-len(group.rows), group.rows)))


def _group(star: list[int], copies: dict[int, list[int]], kinds: dict[tuple[int, int], Kind]) -> Group:
    middle, *others = star
    rows = [row for one in star for row in (one, *copies.get(one, ()))]
    used = {kinds[min(middle, row), max(middle, row)] for row in others}
    kind: Kind = "transformed" if "transformed" in used else "near" if "near" in used else "exact"
    return Group(tuple(rows), kind)
