"""Precision and recall of a threshold over the pairs that a person has judged with yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Judged:
    """What the judged pairs say of a threshold; None where nothing was judged that could say it.

    Attributes:
        precision: share of yes among the judged pairs that the threshold accepts.
        precision_ci: its 95 % Wilson interval.
        recall: share of the judged yes that the threshold accepts.
        recall_ci: its 95 % Wilson interval.
        n: judged pairs.
    """

    precision: float | None
    precision_ci: tuple[float, float] | None
    recall: float | None
    recall_ci: tuple[float, float] | None
    n: int


def judged_at(accepted: Sequence[bool], yes: Sequence[bool]) -> Judged:
    """Over the same pairs: whether the threshold accepts each, and whether the person does."""
    taken, true = np.asarray(accepted, bool), np.asarray(yes, bool)
    hits = int((taken & true).sum())
    (precision, precision_ci), (recall, recall_ci) = _share(hits, int(taken.sum())), _share(hits, int(true.sum()))
    return Judged(precision, precision_ci, recall, recall_ci, len(true))


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share of n (Wilson, JASA 1927)."""
    middle = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * float(np.sqrt(hits * (n - hits) / n + z * z / 4))
    return max(0.0, middle - half), min(1.0, middle + half)


def _share(hits: int, n: int) -> tuple[float | None, tuple[float, float] | None]:
    return (hits / n, wilson(hits, n)) if n else (None, None)
