"""Distances of different methods on one scale, so that they can be mixed (N images, M methods)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Float

Doubles = npt.NDArray[np.float64]
BEYOND = 0.1  # of a random pair: what counts as closer where distance is 0


def closeness(distances: npt.NDArray[Any], background: Float) -> Doubles:
    """How rare it is to be as near as this, from 1 (the same vector) to 0 (no random pair is farther); any shape.

    log t / log t0, where t is the share of random pairs that are at most as far apart (between their distances it is
    interpolated, so that there are no ties), and t0 is a tenth of one pair. So with 10,000 random pairs, 1 in 10 is
    .20, 1 in 100 is .40, 1 in 1,000 is .60. Why not the percentile itself: of 750 images the ten nearest are all above
    98.6 %, and a sum of percentiles is then decided by the method that finds nothing near. Adding logarithms of such
    shares is Fisher's way of joining evidence.

    Args:
        distances: of one method, smaller is closer.
        background: (P,) ascending distances of random pairs by the same method.

    Reference: Fisher: Statistical methods for research workers, 4th edition, 1932, section 21.1.
    """
    wanted = np.asarray(distances, np.float64)
    n = len(background)
    if not n:
        return np.asarray(wanted <= 0, np.float64)
    steps, counts = np.unique(np.asarray(background, np.float64), return_counts=True)
    not_farther = np.cumsum(counts).astype(np.float64)
    if steps[0] > 0:
        steps, not_farther = np.append(0.0, steps), np.append(BEYOND, not_farther)
    shares = np.interp(wanted, steps, not_farther) / n
    return np.asarray(np.log(shares) / np.log(BEYOND / n), np.float64)


def mixed(closenesses: Sequence[Doubles], weights: Sequence[float]) -> Doubles:
    """The weighted mean of M methods' closenesses, 0 to 1; a method of weight 0 does not count.

    Raises:
        InputError: a weight is negative, or all are 0, or there are not as many weights as methods.
    """
    if len(weights) != len(closenesses) or min(weights, default=-1) < 0 or not sum(weights) > 0:
        told = ", ".join(f"{weight:g}" for weight in weights) or "none"
        raise InputError(
            f"weights must be {len(closenesses)} numbers of at least 0, one of them above, got {told}; raise one."
        )
    total = sum(weight * one for weight, one in zip(weights, closenesses, strict=True))
    return np.asarray(total / sum(weights), np.float64)
