"""Exact nearest neighbours by any metric: ascending distances, ties by row (N vectors, Q queries, k neighbours)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.neighbors.bounds import bounds_of
from imgsim.neighbors.metrics import Distance, distance_of
from imgsim.progress import Progress, silent
from imgsim.types import Float, Ints, Metric

BLOCK_NUMBERS = 12_000_000  # (B, N) entries in flight; with the copy and mask about 110 MB
BLOCK_ROWS = 1024  # so that progress is steady
CROWD = 64  # candidates beyond k from which it pays to look for copies

Rows = npt.NDArray[np.intp]


def nearest(vectors: Float, metric: Metric, k: int, *, progress: Progress = silent) -> tuple[Ints, Float]:
    """The k nearest others of every vector: (N, k') int32 rows and (N, k') float32 distances, k' = min(k, N - 1).

    The vector itself is left out, an equal one is not. `progress` is called with ("neighbors", rows done, N) for each
    block and stops the search by raising.

    Raises:
        InputError: k is below 1, the vectors are no (N, D) array or not of the kind the metric is defined for.
    """
    _check(vectors, k)
    return _Search(vectors, metric).run(None, min(k, max(0, len(vectors) - 1)), progress)


def search(
    vectors: Float, queries: Float, metric: Metric, k: int, *, progress: Progress = silent
) -> tuple[Ints, Float]:
    """The k nearest vectors of each of (Q, D) queries: (Q, k') rows and distances, k' = min(k, N).

    Raises:
        InputError: as `nearest`, or the queries have another D than the vectors.
    """
    _check(vectors, k)
    _check(queries, k)
    if queries.shape[1] != vectors.shape[1]:
        raise InputError(
            f"queries must have {vectors.shape[1]} dimensions like the vectors, got {queries.shape[1]}; "
            "embed both by the same method."
        )
    return _Search(vectors, metric).run(queries, min(k, len(vectors)), progress)


class _Search:
    def __init__(self, vectors: Float, metric: Metric) -> None:
        self.distance: Distance = distance_of(metric)
        self.points = self.distance.prepare(vectors)

    def run(self, queries: Float | None, k: int, progress: Progress) -> tuple[Ints, Float]:
        targets = self.points if queries is None else self.distance.prepare(queries)
        indices = np.empty((len(targets), k), np.int32)
        distances = np.empty((len(targets), k), np.float32)
        step = max(1, min(BLOCK_ROWS, BLOCK_NUMBERS // max(1, len(self.points))))
        bounds = bounds_of(self.distance, self.points, len(targets)) if k else None
        for start in range(0, len(targets) if bounds else 0, step):
            assert bounds is not None
            progress("neighbors", start, len(targets))
            block = targets[start : start + step]
            upper = bounds.upper(block)
            if queries is None:
                upper[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
            for row, near in enumerate(bounds.within(block, upper, k)):
                found = self._rank(block[row], np.flatnonzero(near), k)
                indices[start + row], distances[start + row] = found
        progress("neighbors", len(targets), len(targets))
        return indices, distances

    def _rank(self, query: Float, close: Rows, k: int) -> tuple[Rows, Float]:
        """The k nearest of the candidates by exact distance; they come in ascending rows, so ties stay by row."""
        if len(close) > k + CROWD:
            copies, which = np.unique(self._copies[close], return_inverse=True)
            exact = self.distance.pairs(self.points[copies], query)[which]
        else:
            exact = self.distance.pairs(self.points[close], query)
        chosen = np.argsort(exact, kind="stable")[:k]
        return close[chosen], exact[chosen]

    @cached_property
    def _copies(self) -> Rows:
        """(N,) the first row that is equal to each row: a crowd of copies costs one distance."""
        rows = self.points.view([("", np.void, self.points.itemsize * self.points.shape[1])]).ravel()
        _, first, which = np.unique(rows, return_index=True, return_inverse=True)
        return first[which]


def _check(vectors: Float, k: int) -> None:
    if k < 1:
        raise InputError(f"k must be at least 1, got {k}; ask for one neighbour or more.")
    if vectors.ndim != 2:
        raise InputError(f"vectors must be an (N, D) array, got {vectors.ndim} dimensions; give one row an image.")
