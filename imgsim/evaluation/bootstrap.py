"""How sure a mean is: the bootstrap interval (Q values)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Interval = tuple[float, float]

N_RESAMPLES = 1000
BLOCK_NUMBERS = 2_000_000  # drawn values in flight


def bootstrap_interval(values: npt.NDArray[Any], *, level: float = 0.95, seed: int = 0) -> Interval:
    """The percentile interval of the mean of (Q,) values, from 1,000 seeded resamples; NaN without values.

    Reference: Efron, Tibshirani: An introduction to the bootstrap, 1993, chapter 13.
    """
    n = len(values)
    if not n:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    step = max(1, BLOCK_NUMBERS // n)
    sizes = [min(step, N_RESAMPLES - start) for start in range(0, N_RESAMPLES, step)]
    means = np.concatenate([values[random.integers(0, n, (size, n))].mean(axis=1) for size in sizes])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
