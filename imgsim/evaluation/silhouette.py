"""How compact and how apart the classes of a label lie in a space (N images, Q queries)."""

from __future__ import annotations

import numpy as np

from imgsim.errors import InputError
from imgsim.evaluation.ranking import Codes, Doubles
from imgsim.evaluation.retrieval import BLOCK_NUMBERS, N_QUERIES, Distances, labelled
from imgsim.progress import Progress, silent
from imgsim.types import Field


def silhouettes(
    labels: Field,
    distances: Distances,
    *,
    n_queries: int = N_QUERIES,
    seed: int = 0,
    progress: Progress = silent,
) -> Doubles:
    """(Q,) of each labelled image, -1 to 1: (b - a) / max(a, b), by chance 0 or a little less.

    a is its mean distance from the others of its class, b that from the nearest other class; an image that is alone in
    its class has 0. Images without a label take no part.

    Reference: Rousseeuw: Silhouettes, Journal of Computational and Applied Mathematics 1987.

    Args:
        labels: (N,) classes; empty text or NaN where an image has none.
        distances: called with (B,) int32 rows, gives their (B, N) distances from all.
        n_queries: most images to ask, drawn by `seed` where there are more; each is measured against all others.
        seed: of the sample.
        progress: called with ("silhouette", images done, images); stops by raising.

    Raises:
        InputError: there are fewer than two classes.
    """
    known = np.flatnonzero(labelled(labels)).astype(np.int32)
    codes = np.unique(labels[known], return_inverse=True)[1].reshape(-1)
    counts = np.bincount(codes)
    if len(counts) < 2:
        raise InputError(f"a silhouette needs two classes or more, got {len(counts)}; choose another field.")
    asked = np.arange(len(known))
    if len(asked) > n_queries:
        asked = np.sort(np.random.default_rng(seed).choice(asked, n_queries, replace=False))
    member = np.eye(len(counts))[codes]  # (N', C)
    step = max(16, BLOCK_NUMBERS // len(labels))
    found = []
    for start in range(0, len(asked), step):
        progress("silhouette", start, len(asked))
        block = asked[start : start + step]
        far = np.array(distances(known[block])[:, known], np.float64)
        far[np.arange(len(block)), block] = 0  # of itself, also where a re-ranked distance says otherwise
        found.append(_of(far @ member, codes[block], counts))
    progress("silhouette", len(asked), len(asked))
    return np.concatenate(found)


def _of(sums: Doubles, own: Codes, counts: Codes) -> Doubles:
    """(B,) from the (B, C) sums of distances by class."""
    rows = np.arange(len(sums))
    inside = sums[rows, own] / np.maximum(counts[own] - 1, 1)
    means = sums / counts
    means[rows, own] = np.inf
    outside = means.min(axis=1)
    largest = np.maximum(inside, outside)
    value = np.divide(outside - inside, largest, out=np.zeros(len(sums)), where=largest > 0)
    return np.asarray(np.where(counts[own] > 1, value, 0.0))
