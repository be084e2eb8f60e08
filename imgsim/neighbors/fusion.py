"""Late fusion: several rankings of the same images become one (M rankings, N images).

Raw similarities of different methods cannot be added; ranks and percentiles can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError, UnknownIdError
from imgsim.types import Float, Ints

FUSIONS = ("rrf", "mean_rank", "comb_sum")
RRF_K = 60
Doubles = npt.NDArray[np.float64]


def ranks(distances: Float) -> Doubles:
    """(N,) ranks from 1, the nearest first; equal distances share their mean rank."""
    _, where, counts = np.unique(distances, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[where], np.float64)


def reciprocal_rank_fusion(distances: Sequence[Float], k: int = RRF_K) -> Doubles:
    """(N,) sums of 1 / (k + rank) over M methods' (N,) distances; larger is closer, at most M / (k + 1).

    Reference: Cormack, Clarke & Büttcher: Reciprocal rank fusion outperforms Condorcet, SIGIR 2009.
    """
    return np.asarray(sum(1 / (k + ranks(d)) for d in _checked(distances)), np.float64)


def mean_rank(distances: Sequence[Float]) -> Doubles:
    """(N,) 1 - (mean rank - 1) / (N - 1), from 1 for the first everywhere to 0 for the last everywhere.

    Reference: Borda count; Aslam & Montague: Models for metasearch, SIGIR 2001.
    """
    mean = np.mean([ranks(d) for d in _checked(distances)], axis=0)
    return np.asarray(1 - (mean - 1) / max(1, len(mean) - 1), np.float64)


def comb_sum(percentiles: Sequence[npt.NDArray[Any]]) -> Doubles:
    """(N,) means of M methods' (N,) percentiles, 0 to 1: how many random pairs are farther apart (`percentile`).

    Reference: Fox & Shaw: Combination of multiple searches, TREC 1994.
    """
    return np.asarray(np.mean(_checked(percentiles), axis=0) / 100, np.float64)


def fuse(how: str, distances: Sequence[Float], percentiles: Sequence[npt.NDArray[Any]]) -> Doubles:
    """(N,) fused scores, larger is closer, by the name of a fusion.

    Raises:
        UnknownIdError: no fusion of that name.
        InputError: there is no method, or they speak of different numbers of images.
    """
    if how == "rrf":
        return reciprocal_rank_fusion(distances)
    if how == "mean_rank":
        return mean_rank(distances)
    if how == "comb_sum":
        return comb_sum(percentiles)
    raise UnknownIdError("fusion", how, FUSIONS)


def best(scores: Doubles, k: int, exclude: int | None = None) -> Ints:
    """(k,) rows of the largest scores, ties by row; `exclude` leaves one row out."""
    order = np.argsort(-scores, kind="stable")
    found: Ints = order[order != (-1 if exclude is None else exclude)][:k].astype(np.int32)
    return found


def _checked(given: Sequence[npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
    sizes = sorted({len(one) for one in given})
    if len(sizes) != 1:
        raise InputError(f"rankings must be of the same images, got {sizes or 'none'}; rank one collection by each.")
    return given
