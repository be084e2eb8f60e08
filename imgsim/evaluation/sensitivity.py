"""How much is found, by how large or how strong it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.evaluation.auroc import Auroc, auroc
from imgsim.evaluation.conformal import Rate

MOST = 8  # levels; more values are put into so many bins of equal counts
Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Level:
    """The anomalies whose value lies from `low` to `high`, both included.

    Attributes:
        found: those above the threshold.
        auroc: they against all normal pictures.
    """

    low: float
    high: float
    found: Rate
    auroc: Auroc

    @property
    def middle(self) -> float:
        """For an axis."""
        return (self.low + self.high) / 2


def sensitivity(scores: Values, values: Values, normal_scores: Values, threshold: float) -> list[Level]:
    """Of (A,) anomalies with a known value, such as a size, what share is found at each level of it."""
    known = np.isfinite(values)
    scores, values = scores[known], values[known]
    found = []
    for low, high in _levels(values):
        here = scores[(values >= low) & (values <= high)]
        truth = np.arange(len(here) + len(normal_scores)) < len(here)
        area = auroc(truth, np.concatenate([here, normal_scores]))
        found.append(Level(low, high, Rate(int((here > threshold).sum()), len(here)), area))
    return found


def _levels(values: Values) -> list[tuple[float, float]]:
    """Each value a level; where there are many, neighbouring ones together, about as many anomalies in each."""
    distinct, counts = np.unique(values, return_counts=True)
    starts = np.cumsum(counts) - counts
    bins = np.arange(len(distinct)) if len(distinct) <= MOST else starts * MOST // len(values)
    return [(float(distinct[bins == b].min()), float(distinct[bins == b].max())) for b in np.unique(bins)]
