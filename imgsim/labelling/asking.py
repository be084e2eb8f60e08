"""What to label next: where the classifier is unsure, or where nothing is labelled yet (N images, L labelled)."""

from __future__ import annotations

import numpy as np

from imgsim.errors import UnknownIdError
from imgsim.labelling import Predictions
from imgsim.neighbors.metrics import distance_of
from imgsim.types import Float, Ints, Metric

MOST_ASKED = 10_000
TAKEN = -1.0  # in place of a distance
WAYS = {
    "uncertainty": "Unsure: the two best classes are closest to each other.",
    "coverage": "Not covered: farthest from everything that is labelled.",
}


def unsure(found: Predictions, rows: Ints, n: int) -> Ints:
    """(n,) rows of the smallest margin, ties by row; those that no label reaches come first, labelled rows never.

    Reference: Scheffer, Decomain & Wrobel: Active hidden Markov models for information extraction, IDA 2001.
    """
    order = np.argsort(found.margin, kind="stable")
    return order[~np.isin(order, rows)][:n].astype(np.int32)


def uncovered(vectors: Float, metric: Metric, rows: Ints, n: int) -> Ints:
    """(n,) rows, each the farthest from all labelled ones and those before it; ties by row.

    Without any label the first is the one nearest to the mean. Of more than 10,000 images only a sample of as many is
    asked. Greedy k-center: the largest distance of an image from
    its nearest labelled one is at most twice the best possible.

    Reference: Gonzalez: Clustering to minimize the maximum intercluster distance, Theoretical Computer Science 1985;
    for labelling, Sener & Savarese: Active learning for convolutional neural networks, ICLR 2018.
    """
    measure = distance_of(metric)
    pool = _pool(len(vectors))
    points = measure.prepare(vectors[pool])
    away = np.full(len(pool), np.inf, np.float32)
    for known in measure.prepare(vectors[rows]):
        away = np.minimum(away, measure.pairs(points, known))
    away[np.isin(pool, rows)] = TAKEN
    chosen: list[int] = []
    while len(chosen) < n and (away > TAKEN).any():
        place = _middle(points) if np.isinf(away).all() else int(away.argmax())
        chosen.append(int(pool[place]))
        away = np.minimum(away, measure.pairs(points, points[place]))
        away[place] = TAKEN
    return np.array(chosen, np.int32)


def _pool(n: int) -> Ints:
    """All rows, or of very many a sample, so that the answer comes at once."""
    if n <= MOST_ASKED:
        return np.arange(n, dtype=np.int32)
    return np.sort(np.random.default_rng(0).choice(n, MOST_ASKED, replace=False)).astype(np.int32)


def ask(way: str, found: Predictions | None, vectors: Float, metric: Metric, rows: Ints, n: int) -> Ints:
    """(n,) rows to label next by a way of `WAYS`; coverage where nothing is predicted yet.

    Raises:
        UnknownIdError: there is no such way.
    """
    if way not in WAYS:
        raise UnknownIdError("way to ask", way, WAYS)
    if way == "uncertainty" and found is not None:
        return unsure(found, rows, n)
    return uncovered(vectors, metric, rows, n)


def _middle(points: Float) -> int:
    away = points - points.mean(axis=0)
    return int(np.einsum("nd,nd->n", away, away).argmin())
