"""How many lists an approximate search must look at: as few as reach a recall that is measured, never assumed."""

from __future__ import annotations

import numpy as np

from imgsim.neighbors.approximate import TILE, Lists, search_view
from imgsim.neighbors.metrics import distance_of
from imgsim.types import Float, Ints

ASKED = 300  # vectors that recall is measured on
SEARCH_RECALL, GRAPH_RECALL = 0.97, 0.992  # at 10 and at 15; a little above what is promised, .95 and .99


def recall(found: Ints, exact: Ints) -> float:
    """The share of the exact neighbours that were found, 0 to 1, of (Q, k) rows each."""
    hits = [len(np.intersect1d(a, b)) for a, b in zip(found, exact, strict=True)]
    return float(np.sum(hits) / exact.size) if exact.size else 1.0


def measured(lists: Lists) -> dict[str, int | float]:
    """How many lists a query and the graph look at, and the recall of each; sums over dimensions have no graph."""
    sums = distance_of(lists.metric).terms is not None
    search, graph = search_probes(lists), (0, 1.0) if sums else graph_probes(lists)
    names = ("search_probes", "search_recall", "graph_probes", "graph_recall")
    return dict(zip(names, (*search, *graph), strict=True))


def search_probes(lists: Lists, *, k: int = 10, target: float = SEARCH_RECALL, seed: int = 0) -> tuple[int, float]:
    """How many lists a query must look at, and the recall of the k nearest that was measured with it.

    Measured on vectors of the index as queries, each left out of its own answer; the smallest number that reaches the
    target, or else all lists.
    """
    k = min(k, len(lists.order) - 1)
    asked = np.random.default_rng(seed).permutation(len(lists.order))[:ASKED]
    queries, own = lists.points[np.sort(asked)], lists.order[np.sort(asked)]
    exact = _without(_exact(lists, queries, k + 1), own)
    for probe in _steps(lists.n_lists):
        found = _without(search_view(lists, queries, k + 1, probe)[0], own)
        reached = recall(found, exact)
        if reached >= target or probe == lists.n_lists:
            break
    return probe, reached


def graph_probes(lists: Lists) -> tuple[int, float]:
    """The same for the 15 nearest of the neighbour graph, of which more is asked."""
    return search_probes(lists, k=15, target=GRAPH_RECALL)


def _steps(n_lists: int) -> list[int]:
    """1, 2, 3, 4, 6, 8, 12, … up to all lists."""
    powers = [2**i for i in range(n_lists.bit_length() + 1)]
    return [step for step in sorted({*powers, *(3 * p // 2 for p in powers)}) if step < n_lists] + [n_lists]


def _exact(lists: Lists, queries: Float, k: int) -> Ints:
    """(Q, k) rows of the exact nearest, by distances that are compared up to rounding."""
    measure = distance_of(lists.metric)
    found = []
    step = max(1, TILE // len(lists.order))
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        if measure.terms is not None:
            far = np.stack([measure.pairs(lists.points, query) for query in block])
        else:
            far = lists.norms - 2 * (block @ lists.points.T)
        found.append(lists.order[np.argpartition(far, k - 1, axis=1)[:, :k]])
    return np.concatenate(found)


def _without(rows: Ints, own: Ints) -> Ints:
    """(Q, k) of (Q, k + 1) rows without each query's own, or without the last."""
    mine = rows == own[:, None]
    last = rows.shape[1] - 1
    keep = np.arange(last + 1) != np.where(mine.any(axis=1), mine.argmax(axis=1), last)[:, None]
    return np.asarray(rows[keep].reshape(-1, last))
