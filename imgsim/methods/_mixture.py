"""A mixture of Gaussians with diagonal covariance, by expectation and maximisation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from imgsim.methods import Array
from imgsim.methods._kmeans import kmeans, nearest_center

FLOOR = 1e-4  # least variance; descriptors have unit length, so their spread is far above it


class Mixture(NamedTuple):
    """K Gaussians: weights (K,), sum 1; means (K, D); variances (K, D)."""

    weights: Array
    means: Array
    variances: Array


def responsibilities(points: Array, mixture: Mixture) -> Array:
    """(N, K) probability of each Gaussian given each of (N, D) points; rows sum to 1."""
    weights, means, variances = (np.asarray(part, np.float64) for part in mixture)
    precise = 1 / variances
    squared = (points**2) @ precise.T - 2 * points @ (means * precise).T + (means**2 * precise).sum(axis=1)
    with np.errstate(divide="ignore"):  # a Gaussian of no weight has log weight -inf, which is right
        logs = np.log(weights) - 0.5 * (np.log(variances).sum(axis=1) + squared)
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def fit_mixture(points: Array, k: int, seed: int, iterations: int = 25) -> Mixture:
    """The mixture that k-means starts and `iterations` rounds improve (Dempster, Laird, Rubin 1977)."""
    if not len(points):
        return Mixture(np.full(k, 1 / k), np.zeros((k, points.shape[1])), np.ones((k, points.shape[1])))
    points = points.astype(np.float64)
    shares = np.eye(k)[nearest_center(points, kmeans(points, k, seed))]
    for _ in range(iterations):
        mixture = maximised(points, shares)
        shares = responsibilities(points, mixture)
    return maximised(points, shares)


def maximised(points: Array, shares: Array) -> Mixture:
    """The mixture of (N, D) points that (N, K) shares are right for."""
    totals = shares.sum(axis=0)
    safe = np.maximum(totals, 1e-10)[:, None]
    means = shares.T @ points / safe
    variances = shares.T @ (points**2) / safe - means**2
    return Mixture(totals / len(points), means, np.maximum(variances, FLOOR))
