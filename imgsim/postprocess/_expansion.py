"""The mean of a vector and its neighbours, the near ones with more weight."""

from __future__ import annotations

import numpy as np

from imgsim import neighbors
from imgsim.postprocess._views import unit
from imgsim.types import Float, Ints, Metric


def expand(vectors: Float, near: Float, distances: Float, alpha: float, metric: Metric) -> Float:
    """(Q, D) weighted means: 1 for the vector itself, similarity^alpha for its (Q, n, D) neighbours.

    For cosine all are of length 1 first.
    """
    if metric == "cosine":
        vectors = unit(vectors)
        near = unit(near.reshape(-1, vectors.shape[1])).reshape(near.shape)
    weights = np.clip(neighbors.similarity(distances, metric, vectors.shape[1]), 0, 1) ** alpha
    total = vectors + np.einsum("qn,qnd->qd", weights, near)
    return np.asarray(total / (1 + weights.sum(axis=1, keepdims=True)), np.float32)


def nearest_of_queries(queries: Float, database: Float, metric: Metric, n: int) -> tuple[Ints, Float]:
    """(Q, n') rows and distances of the n nearest; one equal vector is left out: the image itself, if it is there."""
    n = min(n, len(database) - 1)
    rows, distances = neighbors.search(database, queries, metric, n + 1)
    itself = (database[rows] == queries[:, None]).all(axis=2)
    drop = np.where(itself.any(axis=1), itself.argmax(axis=1), n)
    keep = np.arange(n + 1) != drop[:, None]
    return rows[keep].reshape(len(rows), n), distances[keep].reshape(len(rows), n)
