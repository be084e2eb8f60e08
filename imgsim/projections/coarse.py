"""A map to look at while the real one is drawn: a sample is laid out, the others lie among their nearest of it.

It needs no neighbour graph of all images, so it is there long before the map it stands for. What it cannot show is fine
detail: an image that is not in the sample lies between images that are.
"""

from __future__ import annotations

import numpy as np

from imgsim import neighbors
from imgsim.progress import Progress, silent
from imgsim.projections import Projector
from imgsim.types import Float, Neighbors

SAMPLE = 5000  # images laid out
NEAR = 4  # of them that say where another image lies
FROM = 20_000  # images, from which the wait is long enough for a coarse map


def coarse(
    vectors: Float,
    projector: Projector,
    *,
    n_components: int = 2,
    seed: int = 0,
    n_sample: int = SAMPLE,
    progress: Progress = silent,
) -> Float:
    """(N, n_components) map of (N, D) vectors by a projector that saw a seeded sample of them.

    Args:
        vectors: in a view where Euclidean distance is meaningful.
        projector: of the real map.
        n_components: 2 or 3.
        seed: of the sample and the projector.
        n_sample: images laid out; all of them where there are fewer.
        progress: called by the projector and for the rest.
    """
    n = len(vectors)
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:n_sample])
    sample = np.ascontiguousarray(vectors[rows])
    graph = Neighbors("", *neighbors.nearest(sample, "euclidean", max(1, projector.k), progress=progress), "euclidean")
    laid = projector.fit(sample, graph, n_components=n_components, seed=seed, progress=progress)
    indices, distances = neighbors.search(sample, vectors, "euclidean", NEAR, progress=progress)
    weights = 1 / np.maximum(distances.astype(np.float64), 1e-12)
    xy = np.einsum("nk,nkc->nc", weights, laid[indices].astype(np.float64)) / weights.sum(axis=1, keepdims=True)
    xy[rows] = laid
    return np.ascontiguousarray(xy, np.float32)
