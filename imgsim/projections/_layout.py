"""UMAP's layout by stochastic gradients, on all cores and yet the same for any number of them.

umap-learn moves both ends of an edge at once, so threads race, and a seed costs it all cores but one. Here a point
moves only itself, twice along each edge, as both directions of an edge are in the graph; points move in eight groups,
and what a point reads of its own group is from before. The compiled code is kept on disk; umap-learn's is compiled in
every process.
Reference: McInnes, Healy, Melville 2018, UMAP, algorithm 5; sampling as in umap-learn.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.progress import Progress, silent
from imgsim.types import Float

LARGE = 10_000  # images; up to here umap-learn is as quick, and a little more faithful
PARTS = 8  # in which points move, one after the other
ROUNDS = 200  # as umap-learn's for so many images

_alone = threading.Lock()  # one of numba's ways to run threads allows one caller at a time


@cache
def curve(min_dist: float, spread: float = 1.0) -> tuple[float, float]:
    """A and b of 1 / (1 + a d^2b), the smooth curve nearest to 1 up to `min_dist` and exponential decay beyond."""
    from scipy.optimize import curve_fit

    far = np.linspace(0, 3 * spread, 300)
    wanted = np.where(far < min_dist, 1.0, np.exp(-(far - min_dist) / spread))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), far, wanted)
    return float(a), float(b)


def layout(
    graph: Any,
    start: npt.NDArray[np.floating[Any]],
    min_dist: float,
    *,
    rounds: int = ROUNDS,
    first_step: float = 1.0,
    seed: int = 0,
    progress: Progress = silent,
) -> Float:
    """(N, C) layout of a symmetric (N, N) sparse graph of memberships from (N, C) places, within a box of side 10.

    Args:
        graph: scipy sparse, memberships 0 to 1.
        start: (N, C).
        min_dist: how close points may lie.
        rounds: each edge pulls in a share of them that is its membership.
        first_step: how far points move in the first round, 1 from a rough start and less from a good one.
        seed: of the points that push.
        progress: called with ("umap", round, rounds) after each; stops by raising.
    """
    from imgsim.projections._layout_kernel import move

    rows = graph.tocsr()
    weights = (rows.data / rows.data.max()).astype(np.float32)
    edges = rows.indptr.astype(np.int64), rows.indices.astype(np.int32), weights
    a, b = curve(min_dist)
    places = _boxed(start)
    after = np.empty_like(places)
    states = np.random.default_rng(seed).integers(1, 2**63, len(places), dtype=np.uint64)
    for done in range(rounds):
        progress("umap", done, rounds)
        step = np.float32(first_step * (1 - done / rounds))
        for part in range(PARTS):
            with _alone:
                move(places, after, *edges, states, np.float32(a), np.float32(b), step, done, part, PARTS)
    progress("umap", rounds, rounds)
    return np.ascontiguousarray(places, np.float32)


def _boxed(start: npt.NDArray[np.floating[Any]]) -> Float:
    """As umap-learn begins: every axis from 0 to 10."""
    low, high = start.min(axis=0), start.max(axis=0)
    return np.ascontiguousarray(10 * (start - low) / np.where(high > low, high - low, 1), np.float32)


if __name__ == "__main__":
    from scipy.sparse import csr_array

    layout(csr_array(np.ones((4, 4), np.float32)), np.eye(4)[:, :2], 0.1, rounds=1)
