"""Measures of rankings: B queries, each with the M other images from nearest to farthest.

`hits` (B, M) says which of them are of the query's class; R is how many are. Pure functions, one formula each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]


def average_precision(hits: Bools, step_ends: Codes | None = None) -> Doubles:
    """(B,) mean over a query's R hits of the precision where the ranking reaches them; NaN where R is 0.

    Args:
        hits: (B, M).
        step_ends: (B, M) for each rank the last rank of equal distance, from `step_ends`; without it no two are equal.
    """
    found = np.cumsum(hits, axis=1)
    precision = found / np.arange(1, hits.shape[1] + 1)
    if step_ends is not None:
        precision = np.take_along_axis(precision, step_ends, axis=1)
    return _ratio((precision * hits).sum(axis=1), hits.sum(axis=1))


def average_precision_at_r(hits: Bools) -> Doubles:
    """(B,) sum of the precisions at the hits among the R nearest, divided by R; NaN where R is 0."""
    total = hits.sum(axis=1)
    ranks = np.arange(1, hits.shape[1] + 1)
    near = hits & (ranks <= total[:, None])
    precision = np.cumsum(hits, axis=1) / ranks
    return _ratio((precision * near).sum(axis=1), total)


def recall_at(hits: Bools, k: int) -> Bools:
    """(B,) whether one of the k nearest is a hit."""
    return np.asarray(hits[:, :k].any(axis=1))


def vote(codes: Codes, k: int) -> Codes:
    """(B,) the class with most votes among the k nearest, given the (B, M) class of each; the nearest wins a tie."""
    near = codes[:, :k]
    votes = (near[:, :, None] == near[:, None, :]).sum(axis=2)
    return np.take_along_axis(near, votes.argmax(axis=1)[:, None], axis=1)[:, 0]


def step_ends(ordered: npt.NDArray[Any]) -> Codes:
    """(B, M) for each rank of ascending (B, M) distances the last rank that has the same distance."""
    n = ordered.shape[1]
    last = np.ones(ordered.shape, bool)
    last[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.where(last, np.arange(n), n)
    return np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1].astype(np.intp)


def _ratio(sums: Doubles, counts: npt.NDArray[Any]) -> Doubles:
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
