"""All distances from some rows at a time, for measures that rank a whole collection (N vectors, B rows)."""

from __future__ import annotations

import numpy as np

from imgsim.neighbors.metrics import distance_of
from imgsim.types import Float, Ints, Metric

NOTHING = 1e-12  # squared distances below this share of the squared lengths are rounding
TILE_NUMBERS = 4_000_000  # vectors widened at a time, 32 MB


class DistanceBlocks:
    """Called with (B,) rows, gives their (B, N) float32 distances from all N vectors, in the metric's unit.

    Products are summed in double precision and rounded once, so that equal vectors are equally far (ties stay ties).

    Raises:
        InputError: the vectors are not of the kind the metric is defined for.
    """

    def __init__(self, vectors: Float, metric: Metric) -> None:
        self.distance = distance_of(metric)
        self.points = self.distance.prepare(vectors)
        self._norms = np.einsum("nd,nd->n", self.points, self.points, dtype=np.float64)

    def __call__(self, rows: Ints) -> Float:
        """(B, N)."""
        if self.distance.terms is not None:
            return np.stack([self.distance.pairs(self.points, self.points[row]) for row in rows])
        step = max(1, TILE_NUMBERS // max(1, self.points.shape[1]))
        tiles = [self._products(rows, slice(i, i + step)) for i in range(0, len(self.points), step)]
        return np.concatenate(tiles, axis=1)

    def _products(self, rows: Ints, tile: slice) -> Float:
        assert self.distance.finish is not None
        scale = self._norms[rows, None] + self._norms[tile]
        squared = scale - 2 * (self.points[rows].astype(np.float64) @ self.points[tile].astype(np.float64).T)
        squared[squared < NOTHING * scale] = 0
        return np.asarray(self.distance.finish(squared), np.float32)
