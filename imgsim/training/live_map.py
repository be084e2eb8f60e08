"""A map of a network that is still learning: principal components, turned so that it does not jump between redraws."""

from __future__ import annotations

import numpy as np

from imgsim.types import Float


def flat(vectors: Float) -> Float:
    """(N, 2) the first two principal components of unit vectors of (N, D), in units of their spread."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    centred = unit - unit.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    xy = np.zeros((len(vectors), 2))
    n = min(2, len(sizes))
    xy[:, :n] = left[:, :n] * sizes[:n]
    return np.asarray(xy / max(float(np.sqrt((xy**2).sum(axis=1).mean())), 1e-12), dtype=np.float32)


def registered(xy: Float, onto: Float) -> Float:
    """The map xy (N, 2) turned and mirrored, but not stretched, onto an earlier map (N, 2) of the same points.

    The orthogonal Procrustes problem (Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem").
    """
    left, _, right = np.linalg.svd(xy.T @ onto)
    return np.asarray(xy @ (left @ right), dtype=np.float32)
