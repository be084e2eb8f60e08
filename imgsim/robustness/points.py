"""What is known of a method at one strength of one transformation, and a table of that."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.evaluation.bootstrap import Interval, bootstrap_interval
from imgsim.evaluation.robustness import Ranks, wilson_interval

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Point:
    """One method at one strength of one transformation; intervals are at 95 %.

    Attributes:
        method: its name.
        transformation, strength: what was done to the pictures; at strength 0 nothing.
        recall_at_1: share of pictures whose nearest is their own original, 0 to 1, with `recall_at_1_ci` (Wilson).
        median_rank: of the original, from 1.
        similarity: mean similarity to the original in the method's own scale, with `similarity_ci` (bootstrap).
        percentile: mean share of random pairs farther apart, 0 to 100.
    """

    method: str
    transformation: str
    strength: float
    recall_at_1: float
    recall_at_1_ci: Interval
    median_rank: float
    similarity: float
    similarity_ci: Interval
    percentile: float


def point(
    method: str,
    transformation: str,
    strength: float,
    ranks: Ranks,
    similarity: Numbers,
    percentile: Numbers,
    seed: int = 0,
) -> Point:
    """The point of (Q,) pictures, by the ranks of their originals and what they have in common with these."""
    hits, n = int((ranks == 1).sum()), len(ranks)
    alike = np.asarray(similarity, np.float64)
    return Point(
        method,
        transformation,
        strength,
        hits / n,
        wilson_interval(hits, n),
        float(np.median(ranks)),
        float(alike.mean()),
        bootstrap_interval(alike, seed=seed),
        float(np.mean(percentile)),
    )


def table_csv(points: Sequence[Mapping[str, Any]]) -> str:
    """Points, as mappings, as CSV with a header; an interval becomes two columns."""
    text, rows = io.StringIO(), [_flat(point) for point in points]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(point: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in point.items():
        if name.endswith("_ci"):
            row |= {name.replace("_ci", "_low"): value[0], name.replace("_ci", "_high"): value[1]}
        else:
            row[name] = value
    return row
