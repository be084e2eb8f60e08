"""The distances as data: one row of a table each, smaller is closer (N vectors, D dimensions, P pairs).

Four of them are a function of the squared Euclidean distance in some *view* of the vectors (unit vectors for cosine,
square roots for Hellinger), so one fast search serves them all. The other three are sums over the dimensions.
Reference: Deza & Deza, Encyclopedia of Distances, 2009.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError, UnknownIdError
from imgsim.types import Float, Metric

Doubles = npt.NDArray[np.float64]
Values = npt.NDArray[Any]

PAIR_NUMBERS = 2**20  # values of pairs at a time


@dataclass(frozen=True)
class Distance:
    """One distance.

    Attributes:
        title: its name for people.
        definition: its formula for vectors a and b.
        range: what values it takes.
        similarity_range: what values its similarity takes; larger is closer, whatever the metric.
        similarity: (distance, D) -> similarity.
        view: (N, D) -> (N, D') the vectors that `finish` or `terms` belong to.
        finish: squared Euclidean distance in the view -> distance; None for a sum over dimensions.
        terms: a, b -> one non-negative term a dimension, whose sum is the distance; None for the others.
        scalar: `terms` for two float32 numbers, in a form that numba compiles.
        euclidean: (N, D) -> vectors whose Euclidean distance orders like this one, or comes near it (`near`).
        near: what `euclidean` gives up; empty where the order is the same.
        check: raises `InputError` on vectors that the distance is not defined for.
    """

    title: str
    definition: str
    range: str
    similarity_range: str
    similarity: Callable[[Values, int], Values]
    view: Callable[[Float], Float]
    finish: Callable[[Float], Float] | None = None
    terms: Callable[[Values, Values], Values] | None = None
    scalar: Callable[[Any, Any], Any] | None = None
    euclidean: Callable[[Float], Float] | None = None
    near: str = ""
    check: Callable[[Float], None] | None = None

    def prepare(self, vectors: Float) -> Float:
        """The (N, D') view of (N, D) vectors, checked.

        Raises:
            InputError: the vectors are not of the kind that the distance is defined for.
        """
        if self.check is not None and vectors.size:
            self.check(vectors)
        return np.ascontiguousarray(self.view(np.asarray(vectors, np.float32)), dtype=np.float32)

    def pairs(self, a: Float, b: Float) -> Float:
        """The distance of each row of `a`, a (P, D') view, from the same row of `b` or from one (D',) `b`, (P,).

        Every row is summed in the same order, so equal rows give equal bits: this is what makes ties exact, and what
        a matrix product cannot promise.
        """
        step = max(1, PAIR_NUMBERS // max(1, a.shape[1]))
        if len(a) <= step:
            return self._pairs(a, b)
        blocks = [slice(start, start + step) for start in range(0, len(a), step)]
        return np.concatenate([self._pairs(a[s], b if b.ndim == 1 else b[s]) for s in blocks])

    def _pairs(self, a: Float, b: Float) -> Float:
        if self.terms is not None:
            total: Float = self.terms(a, b).sum(axis=1)
            return total
        assert self.finish is not None
        gaps = a - b
        gaps *= gaps
        return np.asarray(self.finish(gaps.sum(axis=1)), np.float32)


def unit(vectors: Float) -> Float:
    """(N, D) -> (N, D + 1) rows of length 1; the last column is 1 for zero vectors and 0 for the others.

    So a zero vector, which has no direction, is at cosine distance 1 from every other and 0 from another zero.
    """
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    out = np.zeros((len(vectors), vectors.shape[1] + 1), np.float32)
    np.divide(vectors, np.where(lengths, lengths, 1)[:, None], out=out[:, :-1], casting="same_kind")
    out[:, -1] = lengths == 0
    return out


def _same(vectors: Float) -> Float:
    return vectors


def _root(vectors: Float) -> Float:
    return np.sqrt(vectors)


def _unit_view(vectors: Float) -> Float:
    view = unit(vectors)
    return view if view[:, -1].any() else np.ascontiguousarray(view[:, :-1])


def _chi_square_terms(a: Values, b: Values) -> Values:
    total = a + b
    np.maximum(total, np.finfo(np.float32).tiny, out=total)  # 0/0 counts as 0
    a = a - b
    a *= a
    a /= total
    a *= 0.5
    return a


def _absolute(a: Values, b: Values) -> Values:
    a = a - b
    return np.abs(a, out=a)


def _half_absolute(a: Values, b: Values) -> Values:
    a = _absolute(a, b)
    a *= 0.5
    return a


def _chi_square_scalar(a: Any, b: Any) -> Any:
    return np.float32(0.5) * (a - b) * (a - b) / (a + b + np.float32(1e-37))


def _absolute_scalar(a: Any, b: Any) -> Any:
    return abs(a - b)


def _half_absolute_scalar(a: Any, b: Any) -> Any:
    return np.float32(0.5) * abs(a - b)


def _inverse(distance: Values, _dim: int) -> Values:
    return 1 / (1 + distance)


def _complement(distance: Values, _dim: int) -> Values:
    return 1 - distance


def _bits(vectors: Float) -> None:
    wrong = vectors[(vectors != 0) & (vectors != 1)]
    if wrong.size:
        raise InputError(f"vectors of the Hamming distance must be 0 or 1, got {wrong[0]:g}; use another metric.")


def _histograms(vectors: Float) -> None:
    if vectors.min() < 0:
        raise InputError(f"histograms must have values of at least 0, got {vectors.min():g}; use another metric.")


METRICS: Mapping[Metric, Distance] = {
    "cosine": Distance(
        title="Cosine",
        definition="1 - a.b / (|a| |b|); a zero vector is at 1 from every other and at 0 from another zero vector",
        range="0 to 2",
        similarity_range="-1 to 1",
        similarity=_complement,
        view=unit,
        finish=lambda squared: np.minimum(0.5 * squared, 2),
        euclidean=_unit_view,
    ),
    "euclidean": Distance(
        title="Euclidean",
        definition="sqrt(sum (a - b)^2)",
        range="from 0",
        similarity_range="0 to 1, as 1 / (1 + distance)",
        similarity=_inverse,
        view=_same,
        finish=np.sqrt,
    ),
    "manhattan": Distance(
        title="Manhattan",
        definition="sum |a - b|",
        range="from 0",
        similarity_range="0 to 1, as 1 / (1 + distance)",
        similarity=_inverse,
        view=_same,
        terms=_absolute,
        scalar=_absolute_scalar,
        euclidean=_same,
        near="the vectors are taken as they are: large differences in few dimensions count for more",
    ),
    "hamming": Distance(
        title="Hamming",
        definition="number of bits that differ",
        range="0 to D",
        similarity_range="0 to 1, the share of bits that agree",
        similarity=lambda distance, dim: 1 - distance / max(1, dim),
        view=_same,
        finish=lambda squared: squared,
        check=_bits,
    ),
    "hellinger": Distance(
        title="Hellinger",
        definition="sqrt(sum (sqrt a - sqrt b)^2 / 2), which is sqrt(1 - sum sqrt(a b)) for histograms that sum to 1",
        range="0 to 1 for histograms that sum to 1",
        similarity_range="0 to 1, the Bhattacharyya coefficient sum sqrt(a b)",
        similarity=lambda distance, _dim: 1 - distance * distance,
        view=_root,
        finish=lambda squared: np.sqrt(0.5 * squared),
        check=_histograms,
    ),
    "intersection": Distance(
        title="Histogram intersection",
        definition="sum |a - b| / 2, which is 1 - sum min(a, b) for histograms that sum to 1",
        range="0 to 1 for histograms that sum to 1",
        similarity_range="0 to 1, the intersection sum min(a, b)",
        similarity=_complement,
        view=_same,
        terms=_half_absolute,
        scalar=_half_absolute_scalar,
        euclidean=_root,
        near="square roots of the histograms are taken: their distance bounds this one from both sides",
        check=_histograms,
    ),
    "chi_square": Distance(
        title="Chi-square",
        definition="sum (a - b)^2 / (a + b) / 2, with 0/0 = 0",
        range="0 to 1 for histograms that sum to 1",
        similarity_range="0 to 1, as 1 - distance",
        similarity=_complement,
        view=_same,
        terms=_chi_square_terms,
        scalar=_chi_square_scalar,
        euclidean=_root,
        near="square roots of the histograms are taken: half their squared distance is at most this one, and at least "
        "half of it",
        check=_histograms,
    ),
}


def distance_of(metric: Metric) -> Distance:
    """The row of the table.

    Raises:
        UnknownIdError: no metric of that name.
    """
    if metric not in METRICS:
        raise UnknownIdError("metric", metric, METRICS)
    return METRICS[metric]
