"""How well a space serves labels: leave one out, every other image ranked by its distance (N images, Q queries).

An image without a label takes no part. An image that is alone in its class has nothing to find: it asks no question,
but stays among the answers of the others. What is measured of a query with R others of its class:

*average precision*  over the whole ranking of all other images: the mean, over the R, of the precision at the rank of
                     each. Equal distances are one step, as in scikit-learn's `average_precision_score`, so the order
                     of the files does not count. *mAP* is its mean over the queries.
*AP@R*               precision at the hits among the R nearest, summed and divided by R; its mean is *MAP@R*.
*recall@k*           whether one of the k nearest is of the class; at k = 1 it is the accuracy of the nearest neighbour.
*kNN accuracy*       whether most of the k nearest are of the class; of classes with as many votes the nearest wins.

The last three look at ranks, with ties by row as in the neighbour graph.

Reference: Musgrave, Belongie, Lim: A metric learning reality check, ECCV 2020, arXiv:2003.08505 (MAP@R).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from imgsim.errors import InputError
from imgsim.evaluation.bootstrap import Interval, bootstrap_interval
from imgsim.evaluation.ranking import (
    Bools,
    Codes,
    Doubles,
    average_precision,
    average_precision_at_r,
    recall_at,
    step_ends,
    vote,
)
from imgsim.progress import Progress, silent
from imgsim.types import Field, Float, Ints

RECALL_AT = (1, 5, 10)
MEASURES = ("map", "map_at_r", *(f"recall_at_{at}" for at in RECALL_AT), "knn_accuracy")  # those with an interval
N_SHUFFLES = 3  # shuffled labellings behind the null baseline
N_QUERIES = 3000  # most queries; a seeded sample of so many is asked beyond
BLOCK_NUMBERS = 3_000_000  # (B, N) distances in flight; with orders and precisions about 150 MB

Distances = Callable[[Ints], Float]  # (B,) rows -> (B, N) distances of each from all, itself included


@dataclass(frozen=True)
class Retrieval:
    """Measures of one space by one label, all 0 to 1 and larger is better; intervals are at 95 %, over the queries.

    Attributes:
        map: mean average precision over all other images, with `map_ci`.
        map_at_r: mean average precision at R, with `map_at_r_ci`.
        recall_at_1: accuracy of the nearest neighbour, with `recall_at_1_ci`.
        recall_at_5, recall_at_10: share of queries with one of their class among so many nearest, with `…_ci`.
        knn_accuracy: share of queries whose class has most votes among the `k` nearest, with `knn_accuracy_ci`.
        null_map: the map of the same space for shuffled labels: what chance gives.
        n_queries, n_labelled, n_classes: queries asked, images ranked, classes among them.
    """

    map: float
    map_ci: Interval
    map_at_r: float
    map_at_r_ci: Interval
    recall_at_1: float
    recall_at_1_ci: Interval
    recall_at_5: float
    recall_at_5_ci: Interval
    recall_at_10: float
    recall_at_10_ci: Interval
    knn_accuracy: float
    knn_accuracy_ci: Interval
    k: int
    null_map: float
    n_queries: int
    n_labelled: int
    n_classes: int


@dataclass(frozen=True, eq=False)
class QueryScores:
    """The measures query by query.

    Attributes:
        rows: (Q,) the images that asked.
        average_precision, average_precision_at_r: (Q,).
        found: (Q, 3) whether one of the 1, 5 and 10 nearest is of the class.
        voted: (Q,) whether the k nearest vote for the class.
        null: (Q, 3) average precision for three shuffled labellings; NaN where such a class has one image.
    """

    rows: Ints
    average_precision: Doubles
    average_precision_at_r: Doubles
    found: Bools
    voted: Bools
    null: Doubles


def retrieval(
    labels: Field,
    distances: Distances,
    *,
    k: int = 5,
    n_queries: int = N_QUERIES,
    seed: int = 0,
    progress: Progress = silent,
) -> Retrieval:
    """Judge a space by a label; the arguments are those of `query_scores`.

    Raises:
        InputError: no two images share a label, or k is below 1.
    """
    scores = query_scores(labels, distances, k=k, n_queries=n_queries, seed=seed, progress=progress)
    known = labelled(labels)
    found = dict(zip((f"recall_at_{at}" for at in RECALL_AT), scores.found.T, strict=True))
    by_query = {
        "map": scores.average_precision,
        "map_at_r": scores.average_precision_at_r,
        **found,
        "knn_accuracy": scores.voted,
    }
    means = {name: float(values.mean()) for name, values in by_query.items()}
    intervals = {f"{name}_ci": bootstrap_interval(values, seed=seed) for name, values in by_query.items()}
    measured: dict[str, Any] = means | intervals
    return Retrieval(
        **measured,
        k=k,
        null_map=_mean_known(scores.null),
        n_queries=len(scores.rows),
        n_labelled=int(known.sum()),
        n_classes=len(np.unique(labels[known])),
    )


def query_scores(
    labels: Field,
    distances: Distances,
    *,
    k: int = 5,
    n_queries: int = N_QUERIES,
    seed: int = 0,
    progress: Progress = silent,
) -> QueryScores:
    """The measures of each query.

    Args:
        labels: (N,) classes; empty text or NaN where an image has none.
        distances: called with (B,) int32 rows, gives their (B, N) distances from all.
        k: votes of the kNN accuracy.
        n_queries: most queries to ask, drawn by `seed` where there are more.
        seed: of the sample and of the shuffled labels.
        progress: called with ("retrieval", queries done, queries); stops by raising.

    Raises:
        InputError: no two images share a label, or k is below 1.
    """
    known = np.flatnonzero(labelled(labels)).astype(np.int32)
    codes = np.unique(labels[known], return_inverse=True)[1].reshape(-1).astype(np.intp)
    queries = _queries(codes, k, n_queries, seed)
    shuffled = [np.random.default_rng((seed, i)).permutation(codes) for i in range(N_SHUFFLES)]
    parts = []
    for block in _blocks(queries, len(labels), progress):
        far = np.array(distances(known[block])[:, known], np.float32)
        order, ends = _ranked(far, block)
        hits = codes[order] == codes[block, None]
        null = [average_precision(other[order] == other[block, None], ends) for other in shuffled]
        parts.append(
            QueryScores(
                rows=known[block],
                average_precision=average_precision(hits, ends),
                average_precision_at_r=average_precision_at_r(hits),
                found=np.stack([recall_at(hits, at) for at in RECALL_AT], axis=1),
                voted=vote(codes[order], k) == codes[block],
                null=np.stack(null, axis=1),
            )
        )
    return _joined(parts)


def graph_scores(labels: Field, indices: Ints, *, k: int = 5) -> tuple[Bools, Bools]:
    """What a neighbour graph alone can say: (N,) whether the nearest is of the class, whether the k nearest vote so.

    Args:
        labels: (N,) classes.
        indices: (N, K) rows of the nearest, self excluded.
        k: votes, held to K.

    Raises:
        InputError: k is below 1, or the graph has no column or other rows than labels.
    """
    if k < 1 or len(indices) != len(labels) or not indices.shape[1]:
        raise InputError(
            f"neighbors must be ({len(labels)}, {max(k, 1)}) with k from 1, got {indices.shape} and k {k}; "
            "compute the graph of the same images."
        )
    codes = np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.intp)
    near = codes[indices]
    return near[:, 0] == codes, vote(near, k) == codes


def labelled(labels: Field) -> Bools:
    """(N,) which images have a label: text that is not empty, or a number."""
    return np.asarray(np.isfinite(labels) if labels.dtype.kind == "f" else labels.astype(str) != "")


def _queries(codes: Codes, k: int, most: int, seed: int) -> Codes:
    """(Q,) positions of the images that have another of their class, a seeded sample of them where there are many."""
    if k < 1:
        raise InputError(f"k must be at least 1, got {k}; ask for one neighbour or more.")
    askers = np.flatnonzero(np.bincount(codes)[codes] > 1) if len(codes) else codes
    if not len(askers):
        raise InputError(
            f"the label must be shared by two images or more, got {len(codes)} labelled images in as many classes; "
            "choose another field."
        )
    if len(askers) <= most:
        return askers
    return np.sort(np.random.default_rng(seed).choice(askers, most, replace=False))


def _blocks(queries: Codes, n: int, progress: Progress) -> Iterator[Codes]:
    step = max(16, BLOCK_NUMBERS // n)
    for start in range(0, len(queries), step):
        progress("retrieval", start, len(queries))
        yield queries[start : start + step]
    progress("retrieval", len(queries), len(queries))


def _ranked(far: Float, block: Codes) -> tuple[Codes, Codes]:
    """(B, M - 1) columns from nearest to farthest without the query itself, and the end of each step of equals."""
    far[np.arange(len(block)), block] = np.nan  # NaN sorts behind infinity
    order = np.argsort(far, axis=1, kind="stable")[:, :-1]
    return order, step_ends(np.take_along_axis(far, order, axis=1))


def _joined(parts: list[QueryScores]) -> QueryScores:
    names = QueryScores.__dataclass_fields__
    return QueryScores(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _mean_known(values: Doubles) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
