"""An approximate index for collections that are too large to be scanned: inverted lists of k-means cells (IVF).

The vectors lie sorted by the nearest of C centres. A query looks at the P lists whose centres are nearest, and ranks
what is in them by the exact distance; what it can miss is a neighbour in a list it did not look at. P is chosen when
the index is built, by the recall that is measured on a sample of the collection's own vectors against exact search.

Reference: Jégou, Douze, Schmid: Product quantization for nearest neighbor search, PAMI 2011 (its inverted file,
without the quantizer: every distance is exact).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.neighbors.metrics import Distance, distance_of
from imgsim.progress import Progress, silent
from imgsim.types import Float, Ints, Metric

ROUNDS = 8  # of k-means
SAMPLE_PER_LIST = 48  # vectors that k-means sees
FIRST = 8  # lists that give the graph its bounds
CHUNK = 50_000  # vectors that are refined together
SPARE = 8  # candidates beyond k that are ranked exactly
NEAR_COPY = 1e-3  # squared distances below this share of the squared lengths are computed anew
ROUNDING = 1e-5  # of the squared lengths: more than a product of float32 is off by
TILE = 2**24  # numbers of a block of products

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Lists:
    """N vectors in C lists.

    Attributes:
        centres: (C, D') float32 means of their lists.
        order: (N,) int32 rows of the collection, list by list, ascending within one.
        starts: (C + 1,) int64 where each list begins in `order`.
        points: (N, D') float32 the metric's own view of the vectors, in the order of `order`.
        norms: (N,) float32 squared lengths of the points.
        metric: the distance.
    """

    centres: Float
    order: Ints
    starts: npt.NDArray[np.int64]
    points: Float
    norms: Float
    metric: Metric

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For the store."""
        names = ("centres", "order", "starts", "points", "norms")
        return {name: getattr(self, name) for name in names}

    @property
    def n_lists(self) -> int:
        """C."""
        return len(self.centres)

    def span(self, one: int) -> slice:
        """Where a list lies in `order` and `points`."""
        return slice(int(self.starts[one]), int(self.starts[one + 1]))


def list_count(n: int) -> int:
    """How many lists so many vectors get: a power of two near four times the square root."""
    return int(2 ** round(np.log2(4 * max(1.0, n) ** 0.5)))


def build(
    vectors: Float, metric: Metric, n_lists: int | None = None, *, seed: int = 0, progress: Progress = silent
) -> Lists:
    """Sort (N, D) vectors into lists.

    Raises:
        InputError: there are no vectors, or they are not of the kind the metric is defined for.
    """
    if not len(vectors):
        raise InputError("an index must have at least one vector, got none; embed some images.")
    measure = distance_of(metric)
    points = measure.prepare(vectors)
    centres = _centres(points, min(n_lists or list_count(len(points)), len(points)), seed, progress)
    owner = _owners(points, centres, progress)
    order = np.argsort(owner, kind="stable").astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(centres)))]).astype(np.int64)
    points = points[order]
    return Lists(centres, order, starts, points, _squares(points), metric)


def search(lists: Lists, queries: Float, k: int, n_probe: int) -> tuple[Ints, Float]:
    """The k nearest found of each of (Q, D) queries: (Q, k') rows and exact distances, ascending, ties by row.

    Where the lists looked at hold fewer than k' = min(k, N), more are looked at.
    """
    return search_view(lists, distance_of(lists.metric).prepare(queries), k, n_probe)


def nearest(lists: Lists, k: int, n_probe: int, *, progress: Progress = silent) -> tuple[Ints, Float]:
    """The k nearest found of every vector, without itself: (N, k') rows and distances, ascending.

    First all vectors of a list look together at the few lists nearest to its centre; the k-th distance found so is a
    bound. Then every vector looks at the `n_probe` lists nearest to itself, list by list in one product each, and what
    is within its bound is kept. Distances come from the products and are computed anew where rounding would show.

    Raises:
        InputError: the metric is a sum over dimensions, which no product gives.
    """
    measure = distance_of(lists.metric)
    if measure.finish is None:
        raise InputError(f"the metric must come from a product, got {lists.metric}; search exactly.")
    n = len(lists.order)
    k = min(k, n - 1)
    first, squared = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    near = near_lists(lists)
    for one in range(lists.n_lists):
        progress("neighbors", int(lists.starts[one]) // 3, n)
        mine = lists.span(one)
        if mine.start < mine.stop:
            first[mine], squared[mine] = of_list(lists, np.arange(mine.start, mine.stop), near[one], k, FIRST)
    for start in range(0, n, CHUNK):
        part = slice(start, min(start + CHUNK, n))
        told = _within(progress, start, part.stop, n)
        first[part], squared[part] = _refined(lists, part, first[part], squared[part], n_probe, told)
    indices, distances = np.empty_like(first), np.empty_like(squared)
    indices[lists.order], distances[lists.order] = lists.order[first], measure.finish(squared)
    progress("neighbors", n, n)
    return indices, distances


def _refined(
    lists: Lists, part: slice, first: Ints, squared: Float, n_probe: int, progress: Progress
) -> tuple[Rows, Float]:
    """(M, k) places and squared distances of the nearest of M places in a row, better than the first ones."""
    m, k = first.shape
    points, norms = lists.points[part], lists.norms[part]
    far = _to_centres(points, lists.centres)
    probed = np.zeros((m, lists.n_lists), bool)
    some = min(n_probe, lists.n_lists)
    np.put_along_axis(probed, np.argpartition(far, some - 1, axis=1)[:, :some], True, axis=1)
    owner = np.repeat(np.arange(lists.n_lists), np.diff(lists.starts))
    kept = ~np.take_along_axis(probed, owner[first], axis=1)  # what lists that are not looked at have given
    who, column = np.nonzero(kept)
    found = [(who, first[who, column].astype(np.intp), squared[who, column])]
    bound = squared[:, -1] * np.float32(1 + NEAR_COPY) + np.float32(ROUNDING) * norms
    for one, asks in enumerate(np.ascontiguousarray(probed.T)):
        progress("neighbors", one, lists.n_lists)
        asking, span = np.flatnonzero(asks), lists.span(one)
        block = points[asking] @ lists.points[span].T
        block *= -2
        block += lists.norms[span]
        row, column = np.nonzero(block <= (bound - norms)[asking, None])
        found.append((asking[row], column + span.start, block[row, column] + norms[asking[row]]))
    who, place, apart = (np.concatenate(parts) for parts in zip(*found, strict=True))
    other = place != who + part.start
    who, place, apart = who[other], place[other], np.maximum(apart[other], 0)
    close = apart < NEAR_COPY * (norms[who] + lists.norms[place])
    apart[close] = _squares(points[who[close]] - lists.points[place[close]])
    order = np.argsort((who.astype(np.uint64) << np.uint64(32)) | apart.view(np.uint32))  # floats from 0 sort as bits
    starts = np.cumsum(np.bincount(who, minlength=m)) - np.bincount(who, minlength=m)
    best = order[starts[:, None] + np.arange(k)]
    by_row = np.lexsort((lists.order[place[best]], apart[best]), axis=1)
    best = np.take_along_axis(best, by_row, axis=1)
    return place[best], apart[best]


def _within(progress: Progress, start: int, stop: int, n: int) -> Progress:
    """Progress over a part as progress over all; the first third is the bounds."""
    return lambda stage, done, total: progress(stage, (n + 2 * (start + (stop - start) * done // total)) // 3, n)


def of_list(lists: Lists, mine: Rows, near: Rows, k: int, n_probe: int) -> tuple[Rows, Float]:
    """(M, k) places and squared distances of the nearest of M places of one list, themselves left out."""
    probe = max(n_probe, int(np.searchsorted(np.cumsum(np.diff(lists.starts)[near]), k + 1)) + 1)
    spans = [lists.span(int(other)) for other in near[:probe]]
    places = np.concatenate([np.arange(one.start, one.stop) for one in spans])
    points = np.concatenate([lists.points[one] for one in spans])
    step = max(1, TILE // len(points))
    blocks = [mine[i : i + step] for i in range(0, len(mine), step)]
    found = [_nearest_columns(lists, block, points, places, k) for block in blocks]
    columns, squared = (np.concatenate(parts) for parts in zip(*found, strict=True))
    row, column = np.nonzero(squared < NEAR_COPY * (lists.norms[mine][:, None] + lists.norms[places][columns]))
    squared[row, column] = _squares(lists.points[mine[row]] - points[columns[row, column]])
    order = np.argsort(squared, axis=1, kind="stable")
    return places[np.take_along_axis(columns, order, axis=1)], np.take_along_axis(squared, order, axis=1)


def _nearest_columns(lists: Lists, mine: Rows, points: Float, places: Rows, k: int) -> tuple[Rows, Float]:
    """(B, k) columns and squared distances up to rounding; the list itself comes first in `places`."""
    squared = lists.points[mine] @ points.T
    squared *= -2
    squared += lists.norms[places]
    squared[np.arange(len(mine)), mine - places[0]] = np.inf
    columns = np.argpartition(squared, k - 1, axis=1)[:, :k]
    found = np.take_along_axis(squared, columns, axis=1) + lists.norms[mine][:, None]
    return columns, np.maximum(found, 0)


def near_lists(lists: Lists) -> Rows:
    """(C, C) the lists by the distance of their centres, each list itself first."""
    between = _to_centres(lists.centres, lists.centres)
    np.fill_diagonal(between, -np.inf)  # whatever equals its centre
    return np.asarray(between.argsort(axis=1))


def search_view(lists: Lists, asked: Float, k: int, n_probe: int) -> tuple[Ints, Float]:
    """`search` for queries in the metric's view."""
    k = min(k, len(lists.order))
    measure = distance_of(lists.metric)
    far = _to_centres(asked, lists.centres)
    indices, distances = np.empty((len(asked), k), np.int32), np.empty((len(asked), k), np.float32)
    for row, query in enumerate(asked):
        indices[row], distances[row] = _one(lists, measure, query, np.argsort(far[row]), k, n_probe)
    return indices, distances


def _one(lists: Lists, measure: Distance, query: Float, near: Rows, k: int, n_probe: int) -> tuple[Ints, Float]:
    sizes = np.diff(lists.starts)[near]
    probe = max(n_probe, int(np.searchsorted(np.cumsum(sizes), k)) + 1)
    spans = [lists.span(int(one)) for one in near[:probe]]
    rough = np.concatenate([_rough(lists, measure, span, query) for span in spans])
    places = np.concatenate([np.arange(span.start, span.stop) for span in spans])
    some = min(len(rough), k + SPARE)
    kept = places[np.argpartition(rough, some - 1)[:some]]
    exact = measure.pairs(lists.points[kept], query)
    order = np.lexsort((lists.order[kept], exact))[:k]
    return lists.order[kept[order]], exact[order]


def _rough(lists: Lists, measure: Distance, span: slice, query: Float) -> Float:
    """What orders like the distance up to rounding."""
    if measure.terms is not None:
        return measure.pairs(lists.points[span], query)
    return np.asarray(lists.norms[span] - 2 * (lists.points[span] @ query))


def _centres(flat: Float, n_lists: int, seed: int, progress: Progress) -> Float:
    """(C, D') k-means centres of a sample; a centre that nobody is nearest to starts anew at a point of the sample."""
    random = np.random.default_rng(seed)
    sample = flat[np.sort(random.permutation(len(flat))[: n_lists * SAMPLE_PER_LIST])]
    centres = sample[np.sort(random.permutation(len(sample))[:n_lists])].copy()
    for done in range(ROUNDS):
        progress("Sorting vectors into lists", done, ROUNDS)
        owner = _owners(sample, centres)
        order = np.argsort(owner, kind="stable")
        counts = np.bincount(owner, minlength=n_lists)
        full = counts > 0
        starts = np.cumsum(counts) - counts
        centres[full] = np.add.reduceat(sample[order], starts[full], axis=0) / counts[full, None]
        centres[~full] = sample[random.integers(0, len(sample), int((~full).sum()))]
    return centres


def _owners(flat: Float, centres: Float, progress: Progress = silent) -> Rows:
    """(N,) the nearest centre of each vector."""
    owner = np.empty(len(flat), np.intp)
    step = max(1, TILE // len(centres))
    for start in range(0, len(flat), step):
        progress("Sorting vectors into lists", start, len(flat))
        owner[start : start + step] = _to_centres(flat[start : start + step], centres).argmin(axis=1)
    return owner


def _to_centres(flat: Float, centres: Float) -> Float:
    """(Q, C) squared distances, each row up to a constant."""
    far = flat @ centres.T
    far *= -2
    far += _squares(centres)
    return far


def _squares(points: Float) -> Float:
    squares: Float = np.einsum("nd,nd->n", points, points)
    return squares
