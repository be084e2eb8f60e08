"""Relevance feedback: what a query becomes when a person likes some answers and dislikes others (D dimensions).

Where vectors can be averaged the query moves (Rocchio). Bits and histograms have no negative side, so a moved query
would be none of them; there the rankings of all examples are joined instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imgsim.errors import InputError
from imgsim.neighbors.fusion import RRF_K, Doubles, ranks
from imgsim.neighbors.metrics import METRICS, unit
from imgsim.neighbors.rocchio import ALPHA, BETA, GAMMA, rocchio
from imgsim.types import Float, Metric

AVERAGED: tuple[Metric, ...] = ("cosine", "euclidean", "manhattan")  # a mean of vectors is a vector of the space


@dataclass(frozen=True)
class Weights:
    """How much each part counts; Rocchio's alpha, beta and gamma, each 0 or more."""

    query: float = ALPHA
    likes: float = BETA
    dislikes: float = GAMMA

    def __post_init__(self) -> None:
        values = (self.query, self.likes, self.dislikes)
        if not all(0 <= value < 1e6 for value in values):
            raise InputError(f"weights must be numbers of 0 or more, got {values}; for example 1, 0.75 and 0.15.")


STANDARD = Weights()


def moved_query(
    query: Float | None, likes: Sequence[Float], dislikes: Sequence[Float], metric: Metric, weights: Weights = STANDARD
) -> Float:
    """(D,) the query moved by Rocchio's formula; for cosine every vector counts with length 1.

    Args:
        query: (D,), or None where there are likes only.
        likes: (D,) vectors.
        dislikes: (D,) vectors.
        metric: one of `AVERAGED`.
        weights: alpha, beta and gamma.

    Raises:
        InputError: the metric's vectors cannot be averaged, or there is neither query nor like.
    """
    if metric not in AVERAGED:
        raise InputError(f"the metric must be one of {', '.join(AVERAGED)}, got {metric}; join the rankings instead.")
    first = None if query is None else _rows([query], metric)[0]
    counts = {"alpha": weights.query, "beta": weights.likes, "gamma": weights.dislikes}
    return rocchio(first, _rows(likes, metric), _rows(dislikes, metric), **counts)


def joined_ranks(
    query: Float | None, likes: Sequence[Float], dislikes: Sequence[Float], weights: Weights = STANDARD
) -> Doubles:
    """(N,) alpha r(q) + beta mean r(likes) - gamma mean r(dislikes), larger is closer, with r = 1 / (60 + rank).

    The same sum as Rocchio's, of reciprocal ranks instead of vectors, for spaces without a mean.

    Reference: Cormack, Clarke & Büttcher: Reciprocal rank fusion outperforms Condorcet, SIGIR 2009.

    Args:
        query: (N,) distances of all images from the query, or None.
        likes: (N,) distances from each liked example.
        dislikes: (N,) distances from each disliked one.
        weights: alpha, beta and gamma.

    Raises:
        InputError: there is no example at all.
    """
    parts = [(weights.query, [] if query is None else [query]), (weights.likes, likes), (-weights.dislikes, dislikes)]
    given = [(weight, far) for weight, far in parts if len(far)]
    if not given:
        raise InputError("a query must have at least one example, got none; choose a picture or like some.")
    total = sum(weight * np.mean([1 / (RRF_K + ranks(one)) for one in far], axis=0) for weight, far in given)
    return np.asarray(total, np.float64)


def says(metric: Metric) -> str:
    """How likes and dislikes work under a metric, in a sentence."""
    if metric in AVERAGED:
        return "Likes pull the query towards their mean, dislikes push it away from theirs (Rocchio)."
    name = METRICS[metric].title
    return f"Vectors compared by {name} have no meaningful mean, so the rankings of all examples are joined instead."


def _rows(vectors: Sequence[Float], metric: Metric) -> Float:
    if not vectors:
        return np.zeros((0, 0), np.float32)
    rows = np.stack([np.asarray(vector, np.float32) for vector in vectors])
    return unit(rows)[:, :-1] if metric == "cosine" else rows
