"""Fast bounds on the order of distances: what a search may skip, and what it must look at exactly.

For a block of B queries a bound gives (B, N) float32 `upper` values in the order of the distances, built for speed
with any summation order, and then which columns can be among the k nearest when rounding is at its worst (Higham,
Accuracy and Stability of Numerical Algorithms, 2002, section 3.1). Exact distances are computed for these few only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.neighbors.metrics import Distance, Doubles
from imgsim.types import Float

ROUNDING = 2.0**-24  # unit roundoff of float32
TILE = 2**16  # numbers in a tile that stays in the second-level cache
CHUNK = 2**11  # rows that are centred at once, in double precision
COMPILE_FROM = 10**9  # terms to sum


class ProductBounds:
    """Squared Euclidean distance, up to a constant for each query, by a matrix product of centred vectors.

    Centring keeps the products small, so that the slack is small; distances do not change.
    """

    def __init__(self, points: Float) -> None:
        self.centre = points.mean(axis=0, dtype=np.float64)
        self.points = self._centred(points)
        norms = _squared_norms(self.points)
        self.rounding = (points.shape[1] + 64) * ROUNDING
        self.upper_norms = (norms * (1 + self.rounding)).astype(np.float32)
        self.slack = (2 * self.rounding * norms).astype(np.float32)

    def upper(self, queries: Float) -> Float:
        """(B, N) for a (B, D') block of queries."""
        upper = self._centred(queries) @ self.points.T
        upper *= -2
        upper += self.upper_norms
        return upper

    def within(self, queries: Float, upper: Float, k: int) -> npt.NDArray[np.bool_]:
        """(B, N) which may be among the k nearest; `upper` is used up."""
        kth = np.partition(upper, k - 1, axis=1)[:, k - 1]
        kth += (2 * self.rounding * _squared_norms(self._centred(queries))).astype(np.float32)
        upper -= self.slack
        return upper <= kth[:, None]

    def _centred(self, points: Float) -> Float:
        centred = np.empty(points.shape, np.float32)
        for start in range(0, len(points), CHUNK):
            part = slice(start, start + CHUNK)
            centred[part] = np.subtract(points[part], self.centre, dtype=np.float64)
        return centred


class SumBounds:
    """A sum over the dimensions, tile by tile in a few threads; no product can help here."""

    def __init__(self, points: Float, distance: Distance, n_queries: int) -> None:
        self.points, self.distance = points, distance
        big = points.size * n_queries >= COMPILE_FROM
        self.kernel = _compiled(distance.scalar) if big else self._terms
        self.rounding = (points.shape[1] + 64) * ROUNDING
        self.rows = max(1, TILE // max(1, points.shape[1]))

    def upper(self, queries: Float) -> Float:
        """(B, N) for a (B, D') block of queries."""
        upper = np.empty((len(queries), len(self.points)), np.float32)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(lambda start: self._fill(upper, queries, start), range(0, len(self.points), self.rows)))
        return upper

    def within(self, queries: Float, upper: Float, k: int) -> npt.NDArray[np.bool_]:  # noqa: ARG002
        """(B, N) which may be among the k nearest; `upper` is used up."""
        kth = np.partition(upper, k - 1, axis=1)[:, k - 1] * np.float32(1 + 2 * self.rounding)
        return upper <= kth[:, None]

    def _fill(self, upper: Float, queries: Float, start: int) -> None:
        self.kernel(queries, self.points[start : start + self.rows], upper[:, start : start + self.rows])

    def _terms(self, queries: Float, tile: Float, out: Float) -> None:
        assert self.distance.terms is not None
        ones = np.ones(tile.shape[1], np.float32)
        for row, query in enumerate(queries):
            out[row] = self.distance.terms(tile, query) @ ones


@cache
def _compiled(scalar: Callable[[Any, Any], Any]) -> Callable[[Float, Float, Float], None]:
    """The same in machine code, about ten times faster; compiling takes a second, so only large searches do it."""
    import numba

    term = numba.njit(scalar, fastmath=True, error_model="numpy")

    @numba.njit(fastmath=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator, unused-ignore]
    def fill(queries: Any, tile: Any, out: Any) -> None:
        for row in range(queries.shape[0]):
            for column in range(tile.shape[0]):
                total = np.float32(0)
                for d in range(tile.shape[1]):
                    total += term(queries[row, d], tile[column, d])
                out[row, column] = total

    return fill  # type: ignore[no-any-return, unused-ignore]


def bounds_of(distance: Distance, points: Float, n_queries: int) -> ProductBounds | SumBounds:
    """The bounds for (N, D') points in the distance's view, and so many queries."""
    return ProductBounds(points) if distance.terms is None else SumBounds(points, distance, n_queries)


def _squared_norms(points: Float) -> Doubles:
    norms: Doubles = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    return norms
