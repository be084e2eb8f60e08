"""How far two spaces of the same N images agree. Pure functions, symmetric in their two arguments.

For pages and pipelines:
`neighbor_overlap(a, b, k)`      (N,) share of each image's k nearest that both have in common, 0 to 1
`rank_biased_overlap(a, b)`      (N,) the same with more weight on the first ranks, 0 to 1
`overlap_null(a, b, k)`          the mean overlaps when images are matched at random: what chance gives
`debiased_cka(x, y)`             one number: 1 the same space up to rotation and scale, about 0 unrelated
`distance_correlation(p, q)`     Spearman's correlation of the distances of the same pairs, -1 to 1
`procrustes(xy, onto)`           a map turned, mirrored, scaled and moved onto another
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Float, Ints

Doubles = npt.NDArray[np.float64]


def neighbor_overlap(a: Ints, b: Ints, k: int) -> Doubles:
    """(N,) share of the k nearest that two (N, K) graphs have in common, 0 to 1; chance gives k / (N - 1).

    k is held to the columns there are.

    Raises:
        InputError: the graphs are not of the same images, or k is below 1.
    """
    _check_graphs(a, b)
    if k < 1:
        raise InputError(f"k must be at least 1, got {k}; ask for one neighbour or more.")
    return np.asarray(_common(a[:, :k], b[:, :k]).mean(axis=1))


def rank_biased_overlap(a: Ints, b: Ints, p: float = 0.9) -> Doubles:
    """(N,) extrapolated rank-biased overlap of two (N, K) rankings: 1 the same order, 0 nothing in common.

    p is the persistence: the chance that a reader goes on to the next rank.

    Reference: Webber, Moffat, Zobel: A similarity measure for indefinite rankings, TOIS 2010.

    Raises:
        InputError: the rankings are not of the same shape, or p is not between 0 and 1.
    """
    _check_graphs(a, b)
    if a.shape != b.shape or not 0 < p < 1:
        raise InputError(f"rankings must be as long and p in (0, 1), got {a.shape}, {b.shape}, p {p}; cut the longer.")
    depth = np.arange(1, a.shape[1] + 1)
    equal = a[:, :, None] == b[:, None, :]
    agreement = np.stack([equal[:, :d, :d].sum(axis=(1, 2)) / d for d in depth], axis=1)
    return np.asarray(agreement[:, -1] * p ** depth[-1] + (1 - p) / p * (agreement * p**depth).sum(axis=1))


def overlap_null(a: Ints, b: Ints, k: int, n_permutations: int = 99, seed: int = 0) -> Doubles:
    """(S,) mean neighbour overlaps when the images of one graph are given to the other's at random."""
    _check_graphs(a, b)
    random = np.random.default_rng(seed)
    means = np.empty(n_permutations)
    for i in range(n_permutations):
        to = random.permutation(len(b)).astype(b.dtype)
        shuffled = np.empty_like(b[:, :k])
        shuffled[to] = to[b[:, :k]]
        means[i] = neighbor_overlap(a, shuffled, k).mean()
    return means


def p_value(observed: float, null: Doubles) -> float:
    """Share of the null, the observation counted with it, that is at least as large."""
    return float((1 + (null >= observed).sum()) / (1 + len(null)))


def debiased_cka(x: Float, y: Float) -> float:
    """Linear centred kernel alignment of (N, D) and (N, E) without the bias that few images of many numbers bring.

    1 for the same space up to rotation, shift and scale; about 0, also below, for unrelated ones; NaN where a space
    has no spread. Memory: the smaller of (D, E) and (N, N).

    References: Nguyen, Raghu, Kornblith, ICLR 2021, arXiv:2010.15327; Murphy, Zylberberg, Fyshe, arXiv:2405.01012.

    Raises:
        InputError: not the same images, or fewer than four.
    """
    if len(x) != len(y) or len(x) < 4:
        raise InputError(f"CKA needs two spaces of the same 4 images or more, got {len(x)} and {len(y)}; embed both.")
    a, b = (np.asarray(v, np.float64) - np.mean(v, axis=0, dtype=np.float64) for v in (x, y))
    within = _hsic(a, a) * _hsic(b, b)
    return float(_hsic(a, b) / np.sqrt(within)) if within > 0 else float("nan")


def distance_correlation(p: npt.NDArray[Any], q: npt.NDArray[Any]) -> float:
    """Spearman's rank correlation of the (M,) distances of the same pairs in two spaces, -1 to 1; NaN for constants.

    Raises:
        InputError: not the same pairs.
    """
    from scipy.stats import rankdata

    if len(p) != len(q):
        raise InputError(f"distances must be of the same pairs, got {len(p)} and {len(q)}; measure the same pairs.")
    a, b = (rankdata(v) - (len(v) + 1) / 2 for v in (p, q))
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else float("nan")


def procrustes(xy: Float, onto: Float) -> Float:
    """(N, C) map turned, mirrored, moved and scaled to lie as close as it can on another of the same images.

    Scaled to the same spread and not by least squares, which shrinks maps that have little in common to a spot.

    Reference: Gower: Generalized Procrustes analysis, Psychometrika 1975.

    Raises:
        InputError: the maps differ in points or dimensions.
    """
    if xy.shape != onto.shape:
        raise InputError(f"maps must be of one shape, got {xy.shape} and {onto.shape}; project the same images.")
    here, there = (np.asarray(m - m.mean(axis=0), np.float64) for m in (xy, onto))
    u, _, vt = np.linalg.svd(here.T @ there)
    size = np.linalg.norm(here)
    scale = np.linalg.norm(there) / size if size else 1.0
    return np.asarray(here @ (u @ vt) * scale + onto.mean(axis=0), np.float32)


def _hsic(x: Doubles, y: Doubles) -> float:
    """Unbiased Hilbert-Schmidt independence criterion of linear kernels (Song et al., JMLR 2012)."""
    n = len(x)
    own_x, own_y = (x * x).sum(axis=1), (y * y).sum(axis=1)
    few = x.shape[1] * y.shape[1] <= n * n
    products = ((x.T @ y) ** 2).sum() if few else ((x @ x.T) * (y @ y.T)).sum()
    row_x, row_y = x @ x.sum(axis=0) - own_x, y @ y.sum(axis=0) - own_y
    trace = products - own_x @ own_y
    ends = row_x.sum() * row_y.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (row_x @ row_y)
    return float((trace + ends) / (n * (n - 3)))


def _common(a: Ints, b: Ints) -> npt.NDArray[np.bool_]:
    found = np.zeros(a.shape, np.bool_)
    for column in b.T:
        found |= a == column[:, None]
    return found


def _check_graphs(a: Ints, b: Ints) -> None:
    if len(a) != len(b) or not a.shape[1] or not b.shape[1]:
        raise InputError(f"graphs must be of the same images, got {a.shape} and {b.shape}; compute both again.")
