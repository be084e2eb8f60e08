"""Seeded k-means for visual vocabularies, by matrix products."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Array

TOLERANCE = 1e-4  # summed squared shift of the centres, in mean variances, below which they count as settled
BLOCK = 8192  # rows compared with all centres at a time


def nearest_center(points: Array, centers: Array) -> Array:
    """(N,) row of the nearest centre (Euclidean) of each of (N, D) points; ties go to the first."""
    half_norms = (centers**2).sum(axis=1) / 2
    blocks = [points[i : i + BLOCK] for i in range(0, len(points), BLOCK)]
    found = [np.argmin(half_norms - block @ centers.T, axis=1) for block in blocks]
    return np.concatenate([np.zeros(0, dtype=np.intp), *found])


def kmeans(points: Array, k: int, seed: int, iterations: int = 25) -> Array:
    """(k, D) centres of (N, D) points (Lloyd 1982), k-means++ start (Arthur, Vassilvitskii 2007).

    Fewer distinct points than k leave the last centres as copies of the first, which no point is nearest to.
    """
    if not len(points):
        return np.zeros((k, points.shape[1]), dtype=np.float32)
    centers = _spread_start(points, k, np.random.default_rng(seed))
    enough = TOLERANCE * points.var(axis=0).mean()
    for _ in range(iterations):
        moved = _means(points, nearest_center(points, centers), centers)
        shift = ((moved - centers) ** 2).sum()
        centers = moved
        if shift <= enough:
            break
    return centers


def _spread_start(points: Array, k: int, rng: np.random.Generator) -> Array:
    chosen = [int(rng.integers(len(points)))]
    norms = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    gaps = _squared_distances(points, norms, chosen[0])
    while len(chosen) < k and gaps.any():
        chosen.append(int(rng.choice(len(points), p=gaps / gaps.sum())))
        gaps = np.minimum(gaps, _squared_distances(points, norms, chosen[-1]))
    chosen += [chosen[0]] * (k - len(chosen))
    return np.asarray(points[chosen], dtype=np.float32)


def _squared_distances(points: Array, norms: Array, row: int) -> Array:
    """(N,) squared distances of (N, D) points from one of them; rounding counts as 0, so that no copy is chosen."""
    squared = norms - 2.0 * (points @ points[row]) + norms[row]
    return np.where(squared > 1e-6 * (norms + norms[row]), squared, 0.0)


def _means(points: Array, labels: Array, centers: Array) -> Array:
    """The mean of each centre's points; a centre without points stays where it is."""
    counts = np.bincount(labels, minlength=len(centers))
    order = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    filled = counts > 0
    sums = np.add.reduceat(points[order].astype(np.float64), starts[filled], axis=0)
    means = centers.copy()
    means[filled] = sums / counts[filled, None]
    return means
