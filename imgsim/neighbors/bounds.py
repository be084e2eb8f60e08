"""Fast bounds on the order of distances: what a search may skip, and what it must look at exactly.

A bound gives, for a block of B queries, an (B, N) float32 array `upper` and a `slack` such that the order value of
each pair lies between upper - slack and upper. It is built for speed, in float32 with any summation order; exact
distances are then computed for the few pairs that may be among the nearest. `slack` holds the worst rounding of a dot
product (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from imgsim.neighbors.metrics import Distance, Doubles, Values
from imgsim.types import Float

ROUNDING = 2.0**-24  # unit roundoff of float32
TILE = 2**16  # numbers in a tile that stays in the second-level cache


class ProductBounds:
    """Squared Euclidean distance, up to a constant for each query, by a matrix product of centred vectors.

    Centring keeps the products small, so that the slack is small; distances do not change.
    """

    def __init__(self, points: Float) -> None:
        self.centre = points.mean(axis=0, dtype=np.float64)
        self.points = self._centred(points)
        norms = _squared_norms(self.points)
        self.rounding = (points.shape[1] + 32) * ROUNDING
        self.upper_norms = (norms * (1 + self.rounding)).astype(np.float32)
        self.slack = (2 * self.rounding * norms).astype(np.float32)

    def __call__(self, queries: Float) -> tuple[Float, Float]:
        """(upper (B, N), slack (B, N)) of a (B, D') block of queries."""
        centred = self._centred(queries)
        own = 2 * self.rounding * _squared_norms(centred)
        upper = centred @ self.points.T
        upper *= -2
        upper += self.upper_norms
        return upper, self.slack + own[:, None].astype(np.float32)

    def _centred(self, points: Float) -> Float:
        centred: Float = np.subtract(points, self.centre, dtype=np.float64).astype(np.float32)
        return centred


class SumBounds:
    """A sum over the dimensions, tile by tile in a few threads; no product can help here."""

    def __init__(self, points: Float, terms: Callable[[Values, Values], Values]) -> None:
        self.points, self.terms = points, terms
        self.rounding = (points.shape[1] + 32) * ROUNDING
        self.rows = max(1, TILE // max(1, points.shape[1]))

    def __call__(self, queries: Float) -> tuple[Float, Float]:
        """(upper (B, N), slack (B, N)) of a (B, D') block of queries."""
        upper = np.empty((len(queries), len(self.points)), np.float32)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(lambda start: self._fill(upper, queries, start), range(0, len(self.points), self.rows)))
        return upper, self.rounding * upper

    def _fill(self, upper: Float, queries: Float, start: int) -> None:
        tile = self.points[start : start + self.rows]
        for row, query in enumerate(queries):
            upper[row, start : start + self.rows] = self.terms(tile, query).sum(axis=1)


def bounds_of(distance: Distance, points: Float) -> ProductBounds | SumBounds:
    """The bounds for (N, D') points in the distance's view."""
    return ProductBounds(points) if distance.terms is None else SumBounds(points, distance.terms)


def _squared_norms(points: Float) -> Doubles:
    norms: Doubles = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    return norms
