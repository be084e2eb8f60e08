"""A threshold with a promise: how often a new normal picture is flagged by mistake."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.bootstrap import Interval
from imgsim.evaluation.robustness import wilson_interval

Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Threshold:
    """A picture whose score is above `value` is flagged.

    Attributes:
        value: a score of a held-out normal picture.
        expected: the share of new normal pictures that lie above it, if they are like those held out: at most this.
        n: normal pictures that it was taken from.
    """

    value: float
    expected: float
    n: int


@dataclass(frozen=True)
class Rate:
    """`hits` of `n`, with Wilson's interval at 95 %."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """Share, 0 to 1; NaN of none."""
        return self.hits / self.n if self.n else math.nan

    @property
    def interval(self) -> Interval:
        """Of independent pictures; 0 to 1 where there are none."""
        return wilson_interval(self.hits, self.n) if self.n else (0.0, 1.0)


def threshold(normal_scores: Values, rate: float) -> Threshold | None:
    """The split-conformal threshold of (n,) scores of held-out normal pictures for a false-alarm rate.

    Of exchangeable pictures without ties the next normal one lies above it with probability `expected`, the largest
    k / (n + 1) that is at most `rate`. None where n is too small for that: 1 / rate - 1 pictures are needed.

    Raises:
        InputError: the rate is not between 0 and 1.

    Reference: Vovk, Gammerman, Shafer: Algorithmic learning in a random world, 2005.
    """
    if not 0 < rate < 1:
        raise InputError(f"the false-alarm rate must be between 0 and 1, got {rate:g}; 0.05 is usual.")
    n = len(normal_scores)
    above = math.floor((n + 1) * rate + 1e-9)  # how many of n + 1 may lie above
    if above < 1:
        return None
    value = float(np.sort(normal_scores)[n - above])
    return Threshold(value, above / (n + 1), n)


def fewest(rate: float) -> int:
    """How many held-out normal pictures a threshold of that rate needs."""
    return math.ceil(1 / rate - 1 - 1e-9)


def false_alarms(normal_scores: Values, folds: Values, rate: float) -> Rate | None:
    """How many normal pictures of each part lie above the threshold of the other parts; None where those are too few.

    So no picture has a say in the threshold that it is judged by.
    """
    hits = 0
    for part in np.unique(folds):
        limit = threshold(normal_scores[folds != part], rate)
        if limit is None:
            return None
        hits += int((normal_scores[folds == part] > limit.value).sum())
    return Rate(hits, len(normal_scores))
