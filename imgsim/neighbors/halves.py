"""Candidates for the exact graph of many vectors, near the limit of matrix products, which are made as short as pays.

Every pair is multiplied once, as short vectors (`leading`) whose distance is at most that of the whole, and in half
precision where that is faster; the product serves both rows. Only pairs that can be among the k nearest of either, with
all rounding at its worst, are looked up: on more axes first, then whole. Their distances are the limits from which on
others are left out, so the candidates hold the k nearest. Rows with more candidates than there is room for, such as
crowds of copies, are left to the caller.

What rounding takes from a vector x is known: a vector of length r_x. Then x.y is off by at most r_x |y| + |x| r_y
(Cauchy and Schwarz), and by what summing and storing the result may add (Higham, Accuracy and Stability of Numerical
Algorithms, 2002, section 3.1).
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.neighbors import leading
from imgsim.neighbors.bounds import ROUNDING
from imgsim.progress import Progress, silent
from imgsim.types import Float, Ints

HALF = 2.0**-8  # unit roundoff of bfloat16
TINY = 2.0**-125  # more than what is lost of a term where small numbers count as zero
CHUNK = 2**11  # rows whose rounding is looked at together
SIDE = 2048  # rows of a block of products, at most
STRIP = 256  # of them are multiplied at a time, so that products stay in the cache
LANES = 64  # a side is a multiple of it, which is fastest
TRIAL = 1024  # rows of the products that tell which way is faster
ROOM = 2  # candidates of a row, in multiples of k
LEAST_ROOM = 64
GROUPS = 2  # of a row's first products, in multiples of k; the nearest of each are looked up
FROM = 10_000  # vectors; below, the start of numba would show
TORCH_FROM = 5e11  # products of two numbers; below, torch's start would
MOST_K = 256  # neighbours; more need more room than there is gain
FASTER = 0.7  # of the time in float32, from which bfloat16 pays for its wider bounds
SCALES = 2.0**-56, 2.0**56  # of the points; beyond, squares leave the range of float32
GIVEN_UP = 0.5  # share of crowded rows from which looking further does not pay

Products = Callable[[slice, slice], npt.NDArray[Any]]  # of some rows with some others


class Candidates:
    """Candidates for the k nearest others of each of (N, D) points, by squared Euclidean distance.

    Rows are counted in the order of the blocks, where near ones lie together; `order` gives their places.
    """

    def __init__(self, points: Float, k: int) -> None:
        n, room = len(points), max(LEAST_ROOM, ROOM * k)
        self.points, self.k = points, k
        self.order = np.arange(n, dtype=np.int32)
        self.gap = np.full(n, -np.inf, np.float32)
        self.filled = np.zeros(n, np.int32)
        self.places = np.empty((n, room), np.int32)

    @property
    def crowded(self) -> npt.NDArray[np.bool_]:
        """(N,) points whose candidates are not complete."""
        crowded = np.empty(len(self.points), np.bool_)
        crowded[self.order] = np.isposinf(self.gap)
        return crowded

    def gather(self, progress: Progress = silent) -> None:
        """Look at all pairs; `progress` is called with the share of them in rows.

        Each block with itself comes first, so that there are limits; where most rows are crowded then, all are said to
        be. Then a thread takes two blocks at a time, which no other has meanwhile.
        """
        n, side = len(self.points), _side(len(self.points))
        progress("neighbors", 0, n)
        centred = Centred(self.points)
        usual = SCALES[0] < centred.scale < SCALES[1]
        shortened = leading.Shortened.of(centred, n, self.k) if usual else None
        if shortened is None:
            self.gap[:] = np.inf
            return
        short, rest = _filled(shortened, n)
        self.order = leading.order_of(short, side, LANES)
        half = torch_pays(short) and half_is_faster(short.shape[1])
        short, rest = short[self.order], rest[self.order]
        pairs = _Pairs(self, short, rest, centred.scale, half)
        starts = range(0, n, side)
        with _workers(half) as pool:
            list(pool.map(lambda start: pairs.look(start, start, side), starts))
            if self.crowded.mean() > GIVEN_UP:
                self.gap[:] = np.inf
                return
            for at, (rows, columns) in enumerate(_rounds(starts), 1):
                progress("neighbors", min(n, n * at // len(starts)), n)
                list(pool.map(partial(pairs.look, side=side), rows, columns))
            _shared(pool, pairs.tighten, n)

    def squared(self, start: int, stop: int) -> tuple[Ints, Float]:
        """Rows of candidates by ascending place, and their exact squared distances, infinite behind the last.

        They belong to the points `order[start:stop]`.
        """
        from imgsim.neighbors import _halves_kernel as kernel

        width = int(self.filled[start:stop].max(initial=self.k))
        rows = np.zeros((stop - start, width), np.int32)
        found = np.full(rows.shape, np.inf, np.float32)
        plan = np.array(summing(self.points.shape[1]))
        state = (self.points, self.order, self.gap, self.filled, self.places, plan)

        def part(lo: int, hi: int) -> None:
            kernel.ranked(start + lo, start + hi, *state, rows[lo:hi], found[lo:hi])

        with ThreadPoolExecutor(threads()) as pool:
            _shared(pool, part, stop - start)
        return rows, found


class _Pairs:
    """Pairs of two blocks at a time: products of their short vectors, and the exact distances of what may be near."""

    def __init__(self, candidates: Candidates, short: Float, rest: Float, scale: np.float32, half: bool) -> None:
        self.n, self.k, self.dim = len(short), candidates.k, candidates.points.shape[1]
        away = leading.lost(self.dim)
        error = 8 * (short.shape[1] + rest.shape[1] + 64) * ROUNDING + 3 * away * (2 + away)
        if half:
            self.products, away = _half_products(short)
            error += away * (2 + away) + HALF * (1 + away) ** 2
        else:
            self.products = _single_products(short)
        least = (_squares(short) * (1 - error) - self.dim * TINY).astype(np.float32)
        limit, values = np.full(self.n, np.inf, np.float32), np.empty(candidates.places.shape, np.float32)
        self.points = candidates.points, candidates.order
        self.left = _steps(short, rest)
        self.limits = (least, candidates.gap, limit)
        self.found = (candidates.filled, values, candidates.places)
        self.scale = float(scale) ** 2

    def look(self, row: int, column: int, side: int) -> None:
        from imgsim.neighbors import _halves_kernel as kernel

        columns, stop = slice(column, column + side), min(row + side, self.n)
        for first in (True, False) if row == column else (False,):
            for start in range(row, stop, STRIP):
                block = self.products(slice(start, min(start + STRIP, stop)), columns)
                if first:
                    given = (*self.points, *self.limits, self.scale, self.k, GROUPS * self.k)
                    kernel.first_limits(block, start, column, *given)
                else:
                    state = (*self.points, *self.limits, *self.found, self.scale, self.k)
                    kernel.look(block, start, column, self.left, *state)

    def tighten(self, lo: int, hi: int) -> None:
        from imgsim.neighbors import _halves_kernel as kernel

        kernel.tighten_all(lo, hi, *self.limits, *self.found, self.scale, self.k, self.dim)


def _steps(short: Float, rest: Float) -> tuple[Float, Float, Float]:
    """(N,) last numbers of short vectors; (N, `STEP`) and (N, R - `STEP`) what stands for them, 0 for whole ones."""
    n, step = len(short), leading.STEP
    first = np.zeros((n, step), np.float32)
    first[:, : rest.shape[1]] = rest[:, :step]
    return np.ascontiguousarray(short[:, -1]), first, np.ascontiguousarray(rest[:, step:])


def _filled(shortened: leading.Shortened, n: int) -> tuple[Float, Float]:
    """(N, M) short vectors, and the (N, R) rest."""
    short, rest = (np.empty((n, width), np.float32) for width in shortened.widths)

    def fill(lo: int, hi: int) -> None:
        for start in range(lo, hi, CHUNK):
            rows = slice(start, min(start + CHUNK, hi))
            short[rows], rest[rows] = shortened[rows]

    with _workers(half=False) as pool:
        _shared(pool, fill, n)
    return short, rest


def pays(points: Float, k: int) -> bool:
    """Whether a graph of (N, D) points is large enough for numba to be worth its start."""
    return len(points) >= FROM and k <= MOST_K


def torch_pays(points: Float) -> bool:
    """Whether it is large enough for torch to be worth its start too."""
    work = len(points) ** 2 * points.shape[1]
    return "torch" in sys.modules or (work >= TORCH_FROM and importlib.util.find_spec("torch") is not None)


@cache
def half_is_faster(dim: int) -> bool:
    """Whether bfloat16 multiplies faster here; measured once."""
    drawn = np.random.default_rng(0).normal(size=(TRIAL, dim)).astype(np.float32)
    half, single = _half_products(drawn)[0], _single_products(drawn)
    return _seconds(half, True) < FASTER * _seconds(single, False)


@contextmanager
def _workers(half: bool) -> Iterator[ThreadPoolExecutor]:
    """Threads that multiply and look, each by itself.

    Those of torch would go on spinning after a product, and take the cores from the looking.
    """
    if not half:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads()) as pool:
            yield pool
        return
    import torch

    before = torch.get_num_threads()
    with ThreadPoolExecutor(threads(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            yield pool
        finally:
            torch.set_num_threads(before)


def _side(n: int) -> int:
    """Rows of a block, so that there are a power of two of them, and for each thread a pair to do."""
    blocks = 2 * threads()
    while blocks * SIDE < n or blocks & (blocks - 1):
        blocks += 1
    return -(-n // (blocks * LANES)) * LANES


def _rounds(starts: Sequence[int]) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """Every two once, in rounds where each occurs once at most; those next to each other come first."""
    n = len(starts)
    for step in range(1, 1 << (n - 1).bit_length()):
        rows = [i for i in range(n) if i < i ^ step < n]
        yield [starts[i] for i in rows], [starts[i ^ step] for i in rows]


def _shared(pool: ThreadPoolExecutor, work: Callable[[int, int], None], length: int) -> None:
    """The work on 0 to `length`, in as many parts as there are threads."""
    ends = np.linspace(0, length, threads() + 1).astype(int).tolist()
    list(pool.map(work, ends[:-1], ends[1:]))


def _seconds(products: Products, half: bool) -> float:
    taken, part, whole = [], [slice(STRIP)] * threads(), [slice(None)] * threads()
    with _workers(half) as pool:
        for _ in range(5):
            start = time.perf_counter()
            list(pool.map(products, part, whole))
            taken.append(time.perf_counter() - start)
    return min(taken)


def summing(n: int) -> list[int]:
    """How numpy sums n numbers: pairwise in parts of up to 128; 0 stands for adding the last two sums."""
    if n <= 128:
        return [n]
    half = n // 2 - n // 2 % 8
    return [*summing(half), *summing(n - half), 0]


def threads() -> int:
    """How many look at a block together: as many as multiply."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(8, int(told) if told.isdecimal() and int(told) else cores)


class Centred:
    """Points with the mean at 0 and no number above 1, by a power of two: the order of distances stays.

    Worked out for the rows that are asked for.
    """

    def __init__(self, points: Float) -> None:
        self.points, self.centre = points, points.mean(axis=0, dtype=np.float64).astype(np.float32)
        starts = range(0, len(points), CHUNK)
        most = max((float(np.abs(points[at : at + CHUNK] - self.centre).max(initial=0)) for at in starts), default=0)
        self.scale = np.float32(2.0 ** -np.ceil(np.log2(most)) if most else 1)

    def __getitem__(self, rows: slice | npt.NDArray[Any]) -> Float:
        centred: Float = self.points[rows] - self.centre
        centred *= self.scale
        return centred


def _half_products(short: Float) -> tuple[Products, float]:
    """Products in bfloat16, and the largest share that rounding takes from a vector's length."""
    import torch

    halves = torch.empty(short.shape, dtype=torch.bfloat16)
    away = np.empty(len(short))

    def round_rows(lo: int, hi: int) -> None:
        for start in range(lo, hi, CHUNK):
            part = slice(start, min(start + CHUNK, hi))
            halves[part] = torch.from_numpy(short[part])
            away[part] = _squares(halves[part].float().numpy() - short[part])

    with _workers(half=True) as pool:
        _shared(pool, round_rows, len(short))
    norms = _squares(short)
    share = float(np.sqrt(np.divide(away, norms, out=np.zeros_like(norms), where=norms > 0).max(initial=0)))
    rooms = threading.local()

    def products(rows: slice, columns: slice) -> npt.NDArray[Any]:
        a, b = halves[rows], halves[columns]
        if not hasattr(rooms, "whole"):
            rooms.whole = torch.empty(STRIP * (SIDE + LANES), dtype=torch.bfloat16)
        out = torch.mm(a, b.T, out=rooms.whole[: len(a) * len(b)].view(len(a), len(b)))
        return out.view(torch.uint16).numpy()

    return products, share


def _single_products(short: Float) -> Products:
    rooms = threading.local()

    def products(rows: slice, columns: slice) -> npt.NDArray[Any]:
        a, b = short[rows], short[columns]
        if not hasattr(rooms, "whole"):
            rooms.whole = np.empty(STRIP * (SIDE + LANES), np.float32)
        out: npt.NDArray[Any] = rooms.whole[: len(a) * len(b)].reshape(len(a), len(b))
        return np.matmul(a, b.T, out=out)

    return products


def _squares(points: Float) -> npt.NDArray[np.float64]:
    squares: npt.NDArray[np.float64] = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    return squares
