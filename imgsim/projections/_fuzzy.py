"""UMAP's fuzzy graph from the shared neighbours, in plain numpy.

umap-learn computes the same with functions that numba compiles anew in every process, for about eight seconds; the
arrays are small, and whole-array bisection needs no compiler. Tests hold it equal to umap-learn's.
Reference: McInnes, Healy, Melville 2018, UMAP, algorithms 2 and 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.types import Float, Ints

SMALLEST_WIDTH = 1e-3  # of the mean distance: keeps the width of copies above zero
HALVINGS = 64

Doubles = npt.NDArray[np.float64]


def fuzzy_graph(indices: Ints, distances: Float) -> Any:
    """The symmetric (N, N) scipy sparse graph of memberships 0 to 1, from (N, k) neighbours without self."""
    from scipy.sparse import csr_array

    n, k = indices.shape
    rows = np.repeat(np.arange(n), k)
    directed = csr_array((_memberships(distances).ravel(), (rows, indices.ravel())), shape=(n, n))
    both = directed.multiply(directed.T)
    union = (directed + directed.T - both).tocoo()
    union.eliminate_zeros()
    return union


def _memberships(distances: Float) -> Float:
    """(N, k): 1 for the nearest different neighbour, falling so that a row with itself sums to log2(k + 1)."""
    gaps = distances.astype(np.float64)
    nearest = np.where(gaps > 0, gaps, np.inf).min(axis=1, initial=np.inf)
    nearest[np.isinf(nearest)] = 0
    beyond = np.maximum(gaps - nearest[:, None], 0)
    own = widths(beyond, np.log2(gaps.shape[1] + 1))
    own_mean = gaps.sum(axis=1) / (gaps.shape[1] + 1)
    floor = SMALLEST_WIDTH * np.where(nearest > 0, own_mean, own_mean.mean())
    own = np.maximum(np.maximum(own, floor), np.finfo(np.float64).tiny)
    memberships: Float = np.exp(-beyond / own[:, None]).astype(np.float32)
    return memberships


def widths(beyond: Doubles, target: float) -> Doubles:
    """(N,) widths at which each row of memberships sums to `target`, by bisection."""
    low, high, width = np.zeros(len(beyond)), np.full(len(beyond), np.inf), np.ones(len(beyond))
    for _ in range(HALVINGS):
        total = np.exp(-beyond / width[:, None]).sum(axis=1)
        over = total > target
        high, low = np.where(over, width, high), np.where(over, low, width)
        width = np.where(np.isinf(high), 2 * width, (low + np.where(np.isinf(high), 0, high)) / 2)
        width = np.maximum(width, np.finfo(np.float64).tiny)
    return width
