"""Likes and dislikes as one query: Rocchio's formula (D dimensions, L likes, M dislikes).

Search (through `imgsim.neighbors.feedback`) and recommendation both move their query by `rocchio`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Float

Vectors = npt.NDArray[np.floating[Any]]
ALPHA, BETA, GAMMA = 1.0, 0.75, 0.15  # the weights that Manning, Raghavan & Schütze recommend


def rocchio(
    query: Vectors | None,
    likes: Vectors,
    dislikes: Vectors,
    *,
    alpha: float = ALPHA,
    beta: float = BETA,
    gamma: float = GAMMA,
) -> Float:
    """(D,) float32: alpha q + beta mean(likes) - gamma mean(dislikes), of a (D,) query, (L, D) and (M, D) vectors.

    A part that is absent (no query, L = 0 or M = 0) counts as zero. Use vectors of length 1 where the metric is the
    cosine, else long ones count more. The result may have negative entries: clip it at 0 for histograms.

    Raises:
        InputError: there is no vector at all, or the vectors are not of one D, or a weight is negative.

    Reference: Rocchio: Relevance feedback in information retrieval, 1971; weights of Manning, Raghavan & Schütze:
    Introduction to Information Retrieval, 2008, section 9.1.
    """
    if query is None and not len(likes) and not len(dislikes):
        raise InputError("a query must have at least one example, got none; choose a picture or like some.")
    if min(alpha, beta, gamma) < 0:
        raise InputError(f"weights must be at least 0, got {alpha:g}, {beta:g} and {gamma:g}; leave the signs out.")
    parts = [(alpha, np.zeros((0, 0), np.float32) if query is None else np.asarray(query)[None])]
    parts += [(beta, np.asarray(likes)), (-gamma, np.asarray(dislikes))]
    means = [weight * vectors.mean(axis=0, dtype=np.float64) for weight, vectors in parts if len(vectors)]
    if len({mean.shape for mean in means}) > 1:
        sizes = " and ".join(str(mean.shape[-1]) for mean in means)
        raise InputError(f"query, likes and dislikes must be of one method, got {sizes} dimensions; embed all by one.")
    return np.asarray(np.sum(means, axis=0), np.float32)
