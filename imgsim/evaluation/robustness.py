"""How well an edited picture still finds its own original: ranks and intervals (Q queries, M rivals).

`own_ranks(to_own, to_rivals, counts)`   the rank of each query's own original among the rivals
`wilson_interval(hits, n)`               how sure a share is
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.bootstrap import Interval

Ranks = npt.NDArray[np.int64]


def own_ranks(to_own: npt.NDArray[Any], to_rivals: npt.NDArray[Any], counts: npt.NDArray[np.bool_]) -> Ranks:
    """(Q,) rank from 1 of each query's own original: one more than the rivals that are as close or closer.

    A tie counts against the method: one that gives every picture the same vector finds nothing.

    Args:
        to_own: (Q,) distance of each query from its original.
        to_rivals: (Q, M) distances from the rivals.
        counts: (Q, M) which rivals count; False for the original itself and its copies.

    Raises:
        InputError: the shapes differ.
    """
    if to_rivals.shape != counts.shape or to_own.shape != to_rivals.shape[:1]:
        raise InputError(
            f"distances must be (Q,), (Q, M), (Q, M), got {to_own.shape}, {to_rivals.shape}, {counts.shape}; "
            "measure each query against the same rivals."
        )
    return np.asarray(1 + (counts & (to_rivals <= to_own[:, None])).sum(axis=1), np.int64)


def wilson_interval(hits: int, n: int, *, level: float = 0.95) -> Interval:
    """The score interval of a share of `hits` in `n`, 0 to 1; of use also where all or none hit. NaN without trials.

    Reference: Wilson: Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    if not n:
        return float("nan"), float("nan")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / weight
    half = z / weight * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)
