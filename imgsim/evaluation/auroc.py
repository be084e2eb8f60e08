"""How well a score tells two kinds apart: the area under the ROC curve, with DeLong's interval."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.bootstrap import Interval

Values = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Auroc:
    """The probability that a positive scores above a negative, ties a half; 0.5 is chance, 1 is perfect.

    Attributes:
        value: 0 to 1.
        interval: at the asked level, for independent images.
        n_positive, n_negative: how many of each there were.
    """

    value: float
    interval: Interval
    n_positive: int
    n_negative: int


def auroc(positive: Values, scores: Values, *, level: float = 0.95) -> Auroc:
    """Of (N,) truths and (N,) scores, larger for positives.

    The interval is DeLong's. Where the two kinds do not overlap at all its width would be 0; there the bound is that of
    a share of which all n were seen, n the smaller count.

    Raises:
        InputError: one of the two kinds is missing, or lengths differ.

    Reference: DeLong, DeLong, Clarke-Pearson, Biometrics 44, 1988; Sun, Xu, IEEE SPL 21, 2014 (by midranks).
    """
    truth, values = np.asarray(positive, bool), np.asarray(scores, np.float64)
    if truth.shape != values.shape or truth.ndim != 1:
        raise InputError(f"scores must have one value a truth, got {values.shape} for {truth.shape}.")
    high, low = values[truth], values[~truth]
    if not len(high) or not len(low):
        raise InputError(f"AUROC must have both kinds, got {len(high)} positive and {len(low)} negative; label both.")
    above = _shares_below(high, low)  # of each positive, the share of negatives below
    below = 1 - _shares_below(low, high)
    value = float(above.mean())
    return Auroc(value, _interval(value, above, below, level), len(high), len(low))


def _shares_below(values: Doubles, others: Doubles) -> Doubles:
    ordered = np.sort(others)
    n = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(n / (2 * len(others)))


def _interval(value: float, above: Doubles, below: Doubles, level: float) -> Interval:
    if value in (0.0, 1.0):
        bound = ((1 - level) / 2) ** (1 / min(len(above), len(below)))
        return (bound, 1.0) if value else (0.0, 1 - bound)
    if min(len(above), len(below)) < 2:
        return 0.0, 1.0
    variance = above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)
    half = NormalDist().inv_cdf((1 + level) / 2) * float(np.sqrt(variance))
    return max(0.0, value - half), min(1.0, value + half)
