"""The vectors in which means and principal axes have a meaning, by metric."""

from __future__ import annotations

import numpy as np

from imgsim.types import Float, Metric

HISTOGRAMS = ("hellinger", "intersection", "chi_square")


def flat(vectors: Float, metric: Metric) -> Float:
    """(N, D) float32: of length 1 for cosine (zero stays zero), square roots of histograms, else as they are."""
    if metric == "cosine":
        return unit(vectors)
    return np.sqrt(vectors) if metric in HISTOGRAMS else np.asarray(vectors, np.float32)


def flat_metric(metric: Metric) -> Metric:
    """The distance that belongs to `flat` vectors once they are moved or turned."""
    return "cosine" if metric == "cosine" or metric in HISTOGRAMS else "euclidean"


def unit(vectors: Float) -> Float:
    """Rows of length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
