"""How much of a map comes again when it is drawn again (N images, R runs, k neighbours).

`survival(runs)`               (N,) how much of each image's neighbourhood two runs share on average
`islands(xy)`                  (N,) which crowd of a map each image lies in, -1 for none
`standing(islands, runs)`      (I, R) whether each island is still one in each run
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.agreement import neighbor_overlap
from imgsim.types import Float, Ints

K = 15
TOGETHER = 0.8  # of the nearest of an island's images, on average, are in it too: it stands

Doubles = npt.NDArray[np.float64]


def survival(runs: Sequence[Ints]) -> Doubles:
    """(N,) share of an image's neighbours on one map that are its neighbours on another, over all pairs of runs.

    0 to 1; chance gives k / (N - 1).

    Args:
        runs: of each map the (N, k) nearest on it, self excluded.

    Raises:
        InputError: fewer than two runs, or of other images.
    """
    if len(runs) < 2:
        raise InputError(f"stability must be of two runs or more, got {len(runs)}; draw the map again.")
    pairs = list(combinations(runs, 2))
    return np.asarray(sum(neighbor_overlap(a, b, a.shape[1]) for a, b in pairs) / len(pairs), np.float64)


def islands(xy: Float, smallest: int | None = None) -> npt.NDArray[np.int64]:
    """(N,) number of the island of each point of a map, from 0, largest first; -1 for points between islands.

    `smallest` is the least size of an island; a fiftieth of the images, and at least 5, without it.

    Reference: Campello, Moulavi, Sander: Density-based clustering based on hierarchical density estimates, 2013.
    """
    n = len(xy)
    smallest = smallest or max(5, n // 50)
    if n < 2 * smallest:
        return np.full(n, -1, np.int64)
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(np.asarray(xy, np.float64))
    sizes = np.bincount(found[found >= 0]) if (found >= 0).any() else np.zeros(0, np.int64)
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.asarray(np.where(found >= 0, rank[found] if len(sizes) else -1, -1), np.int64)


def standing(islands: npt.NDArray[Any], runs: Sequence[Ints]) -> npt.NDArray[np.bool_]:
    """(I, R) whether an island stands in a run: of its images' nearest there, as many as it has, 80 % belong to it.

    Args:
        islands: (N,) numbers from 0, -1 for none.
        runs: of each map the (N, k) nearest on it.
    """
    n_islands = int(islands.max(initial=-1)) + 1
    stands = np.zeros((n_islands, len(runs)), np.bool_)
    for island in range(n_islands):
        members = np.flatnonzero(islands == island)
        for at, near in enumerate(runs):
            k = max(1, min(near.shape[1], len(members) - 1))
            stands[island, at] = (islands[near[members, :k]] == island).mean() >= TOGETHER
    return stands
