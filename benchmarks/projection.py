"""Maps of drawn digits, turned and shifted: UMAP from the shared graph beside umap-learn by default, t-SNE openTSNE.

Ours is given the neighbour graph, as in the pipeline, where gallery and scores have it already; the seconds with
the graph are a row of their own. Trustworthiness at 15 of both is beside the seconds. `IMGSIM_BENCH_IMAGES` sets the
size.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks._rows import Row, clocked
from imgsim import neighbors
from imgsim.evaluation.faithfulness import faithfulness
from imgsim.projections import PROJECTORS
from imgsim.types import Float, Neighbors

SLOW = True  # minutes
N = int(os.environ.get("IMGSIM_BENCH_IMAGES", "60000"))
K = 15


def digits(n: int, seed: int = 0) -> Float:
    """(n, 256) float32: scikit-learn's digits, enlarged, turned, sheared, scaled and shifted."""
    from scipy.ndimage import affine_transform, zoom
    from sklearn.datasets import load_digits

    random = np.random.default_rng(seed)
    pictures = np.stack([zoom(picture, 2, order=1) for picture in load_digits().images])
    out = np.empty((n, 256), np.float32)
    middle = np.array([7.5, 7.5])
    for i in range(n):
        turn, size, shear = random.normal(0, 0.15), np.exp(random.normal(0, 0.08)), random.normal(0, 0.08)
        matrix = np.array([[np.cos(turn), shear - np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * size
        offset = middle - matrix @ middle + random.normal(0, 0.6, 2)
        out[i] = affine_transform(pictures[i % len(pictures)], matrix, offset, order=1).ravel()
    return out / 16


def stage() -> Iterator[Row]:
    """One round each: a peer takes minutes."""
    warnings.simplefilter("ignore")
    vectors = digits(N)
    taken, (indices, distances) = clocked(lambda: neighbors.nearest(vectors, "euclidean", 90))
    graph = Neighbors("", indices, distances, "euclidean")
    for id, peer, versus in (("umap", _umap, "umap-learn"), ("tsne", _tsne, "openTSNE")):
        projector = PROJECTORS.create(id)
        projector.fit(vectors[:2000], _part(vectors[:2000]))  # compiling and importing are not what is measured
        ours, xy = clocked(lambda projector=projector: projector.fit(vectors, graph))
        peer(vectors[:2000])
        theirs, other = clocked(lambda peer=peer: peer(vectors))
        quality = {"trust": _trust(vectors, xy, indices), "peer trust": _trust(vectors, other, indices)}
        yield Row(f"{id}, {N:,} x 256, from the shared graph", ours, theirs, versus, quality=quality)
        yield Row(f"{id}, {N:,} x 256, with the exact graph", ours + taken, theirs, versus, quality=quality)


def _part(vectors: Float) -> Neighbors:
    return Neighbors("", *neighbors.nearest(vectors, "euclidean", 90), "euclidean")


def _umap(vectors: Float) -> Any:
    import umap

    return umap.UMAP().fit_transform(vectors)


def _tsne(vectors: Float) -> Any:
    import openTSNE

    return np.asarray(openTSNE.TSNE().fit(vectors))


def _trust(vectors: Float, xy: Any, indices: Any) -> float:
    return faithfulness(vectors, np.asarray(xy, np.float32), k=K, neighbors=indices).trustworthiness
