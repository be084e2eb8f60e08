"""How far a map can be trusted: what it kept of each image's neighbourhood (N images, k neighbours).

*Trustworthiness* falls when the map puts strangers side by side, *continuity* when it tears neighbours apart (Venna,
Kaski 2001, Neighborhood preservation in nonlinear projection methods). *kNN recall* is the plain share of true
neighbours that the map shows as neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.progress import Progress, silent
from imgsim.types import Float, Ints

EXACT_UP_TO = 3000  # images; a sample of so many queries is ranked beyond
BLOCK_NUMBERS = 4_000_000  # (B, N) distances of each kind at a time, about 16 MB

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Measures of one map, all 0 to 1 and larger is better, except `per_point`.

    Attributes:
        k: neighbours looked at.
        trustworthiness: 1 when no stranger is among a point's k nearest on the map.
        continuity: 1 when no true neighbour has left a point's k nearest on the map.
        knn_recall: mean share of the k nearest in the space that are among the k nearest on the map.
        per_point: (N,) distortion, the share of an image's true neighbours that the map lost (as many strangers took
            their places); None where the space's graph was not given and only a sample was looked at.
        n_sampled: images whose ranks the first two are the mean of; N when it was all.
    """

    k: int
    trustworthiness: float
    continuity: float
    knn_recall: float
    per_point: Float | None
    n_sampled: int


def faithfulness(
    vectors: Float,
    xy: Float,
    *,
    k: int = 15,
    neighbors: Ints | None = None,
    n_sample: int = EXACT_UP_TO,
    seed: int = 0,
    progress: Progress = silent,
) -> Faithfulness:
    """Compare a map with the space it came from.

    k is held below N/2, where the measures are defined; of fewer than three images every map is faithful. Equal
    distances share the better rank. Memory stays below 100 MB beyond the inputs.

    Args:
        vectors: (N, D), in a view where Euclidean distance orders like the metric.
        xy: (N, 2 or 3) map.
        k: neighbours to look at.
        neighbors: (N, k or more) rows of the nearest in the space, self excluded; for recall by the method's own
            metric and for `per_point` of every image.
        n_sample: how many images to rank exactly when there are more; drawn by `seed`.
        seed: of the sample.
        progress: called with ("faithfulness", images done, images); stops by raising.

    Raises:
        InputError: vectors, map and neighbours are not of the same images, or k is below 1.
    """
    n = len(vectors)
    _check(n, len(xy), k, neighbors)
    k = min(k, (n - 1) // 2)
    if k == 0:
        return Faithfulness(0, 1.0, 1.0, 1.0, np.zeros(n, np.float32), n)
    rows = _sample(n, n_sample, seed)
    shown = map_neighbors(xy, k)
    true, trust, continuity = _ranked(vectors, xy, shown, neighbors, k, rows, progress)
    known = np.arange(n) if neighbors is not None else rows
    found = kept(true, shown[known]).mean(axis=1)
    per_point = (1 - found).astype(np.float32) if len(known) == n else None
    return Faithfulness(k, float(trust.mean()), float(continuity.mean()), float(found.mean()), per_point, len(rows))


def map_neighbors(xy: Float, k: int) -> Ints:
    """(N, k') int32 rows of the k' = min(k, N - 1) nearest on the map, self excluded, nearest first."""
    from scipy.spatial import cKDTree

    n = len(xy)
    k = min(k, n - 1)
    if k < 1:
        return np.empty((n, 0), np.int32)
    _, found = cKDTree(xy).query(xy, k=k + 1)
    others = found != np.arange(n)[:, None]
    others[others.all(axis=1), -1] = False  # more than k copies: self is not among them
    rows: Ints = found[others].reshape(n, k).astype(np.int32)
    return rows


def kept(true: Ints, shown: Ints) -> npt.NDArray[np.bool_]:
    """(M, k) whether each of the (M, k) true neighbours is among the (M, k') shown ones of the same row.

    Swap the two for the strangers: `~kept(shown, true)`.
    """
    out = np.zeros(true.shape, np.bool_)
    for column in shown.T:
        out |= true == column[:, None]
    return out


def _ranked(
    vectors: Float, xy: Float, shown: Ints, neighbors: Ints | None, k: int, rows: Ints, progress: Progress
) -> tuple[Ints, Doubles, Doubles]:
    """True neighbours, of all images when the graph is given and of `rows` when not; trust and continuity of `rows`."""
    space, plane = _Distances(vectors), _Distances(xy)
    trust, continuity = np.empty(len(rows)), np.empty(len(rows))
    true = np.empty((len(rows), k), np.int32)
    step = max(1, BLOCK_NUMBERS // len(vectors))
    for start in range(0, len(rows), step):
        progress("faithfulness", start, len(rows))
        block = slice(start, start + step)
        here = rows[block]
        far = space(here)
        true[block] = _nearest(far, k) if neighbors is None else neighbors[here, :k]
        trust[block] = _score(_ranks(far, shown[here]), k, len(vectors))
        continuity[block] = _score(_ranks(plane(here), true[block]), k, len(vectors))
    progress("faithfulness", len(rows), len(rows))
    return true if neighbors is None else neighbors[:, :k], trust, continuity


class _Distances:
    """Squared Euclidean distances of some rows from all, the rows themselves at infinity."""

    def __init__(self, points: Float) -> None:
        self.points = np.asarray(points - points.mean(axis=0, dtype=np.float64), np.float32)
        self.norms = np.einsum("nd,nd->n", self.points, self.points)

    def __call__(self, rows: Ints) -> Float:
        found = self.points[rows] @ self.points.T
        found *= -2
        found += self.norms
        found[np.arange(len(rows)), rows] = np.inf
        return found


def _nearest(distances: Float, k: int) -> Ints:
    near = np.argpartition(distances, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1).astype(np.int32)


def _ranks(distances: Float, chosen: Ints) -> npt.NDArray[Any]:
    """(B, k) rank from 1 of the chosen columns in each row of (B, N) distances."""
    wanted = np.take_along_axis(distances, chosen.astype(np.intp), axis=1)
    ordered = np.sort(distances, axis=1)
    return 1 + np.stack([np.searchsorted(row, values) for row, values in zip(ordered, wanted, strict=True)])


def _score(ranks: npt.NDArray[Any], k: int, n: int) -> Doubles:
    """(B,) 1 minus the ranks beyond k, as a share of the worst sum there can be."""
    beyond = np.maximum(ranks - k, 0).sum(axis=1)
    score: Doubles = 1 - 2 * beyond / (k * (2 * n - 3 * k - 1))
    return score


def _sample(n: int, wanted: int, seed: int) -> Ints:
    if n <= wanted:
        return np.arange(n, dtype=np.int32)
    return np.sort(np.random.default_rng(seed).choice(n, wanted, replace=False)).astype(np.int32)


def _check(n: int, n_map: int, k: int, neighbors: Ints | None) -> None:
    if k < 1:
        raise InputError(f"k must be at least 1, got {k}; ask for one neighbour or more.")
    if n_map != n:
        raise InputError(f"the map must have {n} points, one a vector, got {n_map}; project the same images.")
    if neighbors is not None and (len(neighbors) != n or neighbors.shape[1] < min(k, (n - 1) // 2)):
        raise InputError(f"neighbors must be ({n}, {k} or more), got {neighbors.shape}; compute them with that k.")
