"""Database augmentation: every image of the collection is smoothed by its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim import neighbors
from imgsim.parameters import param
from imgsim.postprocess import POSTPROCESS, VectorStep
from imgsim.postprocess._expansion import expand
from imgsim.types import Float, Metric

BLOCK_NUMBERS = 8_000_000  # entries of neighbours' vectors at a time


@POSTPROCESS.register
@dataclass(frozen=True)
class DatabaseAugmentation(VectorStep):
    """Replace each vector of the collection by the weighted mean of itself and its n nearest; queries stay."""

    n: int = param(5, "Nearest images that each one is averaged with.", minimum=1, maximum=100)
    alpha: float = param(3.0, "The power of the similarities; larger trusts the nearest more.", minimum=0.0, maximum=10)

    id = "database_augmentation"
    title = "Database augmentation"
    changes = "Moves every image of the collection towards its nearest, so that groups become tighter; queries stay."
    reference = "Arandjelović & Zisserman: Three things everyone should know to improve object retrieval, CVPR 2012"

    def collection(self, vectors: Float, metric: Metric) -> Float:
        """(N, D)."""
        if len(vectors) < 2:
            return vectors
        rows, distances = neighbors.nearest(vectors, metric, self.n)
        step = max(1, BLOCK_NUMBERS // (self.n * vectors.shape[1]))
        blocks = [slice(i, i + step) for i in range(0, len(vectors), step)]
        return np.concatenate([expand(vectors[b], vectors[rows[b]], distances[b], self.alpha, metric) for b in blocks])

    def query(self, vectors: Float, metric: Metric) -> Float:  # noqa: ARG002 - only the collection changes
        """As they are."""
        return vectors
