"""What a distance means: as a similarity, against random pairs, and in a space where Euclid holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.neighbors.metrics import Doubles, Values, distance_of
from imgsim.types import Float, Metric


def distance(a: Float, b: Float, metric: Metric) -> float:
    """The distance of two (D,) vectors, in the metric's unit; smaller is closer.

    Raises:
        InputError: the two differ in D, or are not of the kind the metric is defined for.
    """
    return float(pair_distances(np.atleast_2d(a), np.atleast_2d(b), metric)[0])


def pair_distances(a: Float, b: Float, metric: Metric) -> Float:
    """The distance of each row of (P, D) `a` from the same row of (P, D) `b`, as (P,) float32.

    Raises:
        InputError: the shapes differ, or the vectors are not of the kind the metric is defined for.
    """
    if a.shape != b.shape:
        raise InputError(f"both vectors must have one shape, got {a.shape}, {b.shape}; use the same method for both.")
    measure = distance_of(metric)
    return measure.pairs(measure.prepare(a), measure.prepare(b))


def similarity(distance: float | Values, metric: Metric, dim: int) -> Doubles:
    """The similarity that belongs to a distance, larger is closer; its range is `METRICS[metric].similarity_range`.

    Args:
        distance: one or many, in the metric's unit.
        metric: the metric.
        dim: D, which the Hamming similarity needs.
    """
    return np.asarray(distance_of(metric).similarity(np.asarray(distance, np.float64), dim), np.float64)


def background(vectors: Float, metric: Metric, *, n_pairs: int = 10_000, seed: int = 0) -> Float:
    """Sorted (M,) float32 distances of random pairs of different images: what "far" is in this space.

    All N(N - 1)/2 pairs where these are no more than `n_pairs`, else `n_pairs` drawn with replacement.
    """
    first, second = random_pairs(len(vectors), n_pairs, seed)
    measure = distance_of(metric)
    points = measure.prepare(vectors)
    step = 4096
    found = [
        measure.pairs(points[first[i : i + step]], points[second[i : i + step]]) for i in range(0, len(first), step)
    ]
    return np.sort(np.concatenate([np.empty(0, np.float32), *found]))


def percentile(distance: float | Values, background: Float) -> Doubles:
    """The percentage of random pairs that are farther apart, 0 to 100; ties count half, NaN without a background."""
    wanted = np.asarray(distance, np.float32)
    if not len(background):
        return np.full(wanted.shape, np.nan)
    closer = np.searchsorted(background, wanted, side="left")
    not_farther = np.searchsorted(background, wanted, side="right")
    return np.asarray(100 * (1 - (closer + not_farther) / (2 * len(background))), np.float64)


def euclidean_view(vectors: Float, metric: Metric) -> Float:
    """(N, D') float32 vectors whose Euclidean distance orders like the metric, for projections and faithfulness.

    Unit vectors for cosine (with one more column where there are zero vectors), square roots for Hellinger, the
    vectors themselves for Euclidean and Hamming. For Manhattan, intersection and chi-square it comes near:
    `METRICS[metric].near` says how.
    """
    measure = distance_of(metric)
    if measure.check is not None and vectors.size:
        measure.check(vectors)
    view = measure.euclidean or measure.view
    return np.ascontiguousarray(view(np.asarray(vectors, np.float32)), dtype=np.float32)


def random_pairs(n: int, n_pairs: int, seed: int = 0) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows of pairs of different images of n, (P,) and (P,): all where these are no more than `n_pairs`, else drawn."""
    if n * (n - 1) // 2 <= n_pairs:
        first, second = np.triu_indices(n, 1)
        return first, second
    random = np.random.default_rng(seed)
    first = random.integers(0, n, n_pairs)
    return first, (first + random.integers(1, n, n_pairs)) % n
