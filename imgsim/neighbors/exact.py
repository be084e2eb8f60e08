"""Exact nearest neighbours by any metric: ascending distances, ties by row (N vectors, Q queries, k neighbours)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.neighbors import halves, on_gpu
from imgsim.neighbors.bounds import bounds_of
from imgsim.neighbors.metrics import Distance, distance_of
from imgsim.progress import Progress, silent
from imgsim.types import Float, Ints, Metric

BLOCK_NUMBERS = 12_000_000  # (B, N) entries in flight; with the copy and mask about 110 MB
BLOCK_ROWS = 1024  # so that progress is steady
CHUNK = 8192  # rows whose candidates are ranked together
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
        found = np.empty((len(targets), k), np.int32), np.empty((len(targets), k), np.float32)
        rest = np.arange(len(targets) if k else 0)
        if queries is None and self.distance.finish is not None and halves.pays(self.points, k):
            rest = self._by_candidates(found, k, progress)
        self._by_bounds(targets, rest, queries is None, found, k, progress)
        progress("neighbors", len(targets), len(targets))
        return found

    def _by_candidates(self, found: tuple[Ints, Float], k: int, progress: Progress) -> Rows:
        """Fill in all rows but those that are returned."""
        assert self.distance.finish is not None
        candidates = self._candidates(k, progress)
        crowded = candidates.crowded
        for start in range(0, 0 if crowded.all() else len(crowded), CHUNK):
            part = slice(start, min(start + CHUNK, len(crowded)))
            places, squared = candidates.squared(part.start, part.stop)
            exact = np.asarray(self.distance.finish(squared), np.float32)
            order = np.argsort(exact, axis=1, kind="stable")[:, :k]
            rows = candidates.order[part]
            found[0][rows], found[1][rows] = (np.take_along_axis(a, order, axis=1) for a in (places, exact))
        return np.flatnonzero(crowded)

    def _candidates(self, k: int, progress: Progress) -> halves.Candidates:
        """From a graphics card where there is one that holds the vectors."""
        candidates = halves.Candidates(self.points, k)
        place = on_gpu.gpu() if halves.torch_pays(self.points) else None
        if place:
            import torch

            try:
                on_gpu.gather(candidates, place, progress)
            except torch.OutOfMemoryError:
                place = None
        if not place:
            candidates.gather(progress)
        return candidates

    def _by_bounds(
        self, targets: Float, rows: Rows, own: bool, found: tuple[Ints, Float], k: int, progress: Progress
    ) -> None:
        """Fill in these rows; `own`: the targets are the points, and none is its own neighbour."""
        indices, distances = found
        step = max(1, min(BLOCK_ROWS, BLOCK_NUMBERS // max(1, len(self.points))))
        bounds = bounds_of(self.distance, self.points, len(rows)) if len(rows) else None
        for start in range(0, len(rows), step):
            assert bounds is not None
            progress("neighbors", len(targets) - len(rows) + start, len(targets))
            asking = rows[start : start + step]
            block = targets[asking]
            upper = bounds.upper(block)
            if own:
                upper[np.arange(len(block)), asking] = np.inf
            for row, near in enumerate(bounds.within(block, upper, k)):
                indices[asking[row]], distances[asking[row]] = self._rank(block[row], np.flatnonzero(near), k)

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
