"""Candidates for the exact graph of many vectors, near the limit of matrix products: in half precision where it helps.

Every pair is multiplied once, and the product serves both rows. A pair stays a candidate of a row while its distance,
with all rounding at its worst for it, is within the k-th smallest with all rounding at its worst against it; so the
candidates hold the k nearest, and their exact distances decide. Rows with more candidates than there is room for, such
as crowds of near copies, are left to the caller.

What rounding takes from a vector x is known: a vector of length r_x. Then x.y is off by at most r_x |y| + |x| r_y
(Cauchy and Schwarz), and by what summing and storing the result may add (Higham, Accuracy and Stability of Numerical
Algorithms, 2002, section 3.1).
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.neighbors.bounds import ROUNDING
from imgsim.progress import Progress, silent
from imgsim.types import Float, Ints

HALF = 2.0**-8  # unit roundoff of bfloat16
TINY = 2.0**-125  # more than what is lost of a term where small numbers count as zero
CHUNK = 2**11  # rows whose rounding is looked at together
SIDE = 2048  # rows of a block of products
ROOM = 4  # candidates of a row, in multiples of k
LEAST_ROOM = 64
GROUPS = 4  # of a row's first products, in multiples of k; the least of each bound the k-th
FROM = 10_000  # vectors; below, the start of numba would show
TORCH_FROM = 5e11  # products of two numbers; below, torch's start would
MOST_K = 256  # neighbours; more need more room than there is gain
FASTER = 0.7  # of the time in float32, from which bfloat16 pays for its wider bounds
GIVEN_UP = 0.5  # share of crowded rows from which looking further does not pay

# First row, first column -> (SIDE, SIDE), less at the ends, and what fills in its rows from one to another.
Products = Callable[[int, int], tuple[npt.NDArray[Any], Callable[[int, int], None]]]


class Candidates:
    """Candidates for the k nearest others of each of (N, D) points, by squared Euclidean distance."""

    def __init__(self, points: Float, k: int, *, half: bool) -> None:
        self.points, self.k, self.half = points, k, half
        error = 8 * (points.shape[1] + 64) * ROUNDING
        if half:
            self.products, norms, lost = _half_products(_Centred(points))
            error += lost * (2 + lost) + HALF * (1 + lost) ** 2
        else:
            self.centred = _Centred(points)[:]
            self.products, norms = _single_products(self.centred), _squares(self.centred)
        n, room = len(points), max(LEAST_ROOM, ROOM * k)
        self.least = (norms * (1 - error)).astype(np.float32)
        self.slack = (norms * error + points.shape[1] * TINY).astype(np.float32)
        self.gap = np.full(n, -np.inf, np.float32)
        self.filled = np.zeros(n, np.int32)
        self.lower, self.places = np.empty((n, room), np.float32), np.empty((n, room), np.int32)

    @property
    def crowded(self) -> npt.NDArray[np.bool_]:
        """(N,) rows whose candidates are not complete."""
        return np.isposinf(self.gap)

    def gather(self, progress: Progress = silent) -> None:
        """Look at all pairs; `progress` is called with the share of them in rows.

        Each block with itself comes first, so that there are bounds; where most rows are crowded then, all are said to
        be.
        """
        n = len(self.points)
        starts = range(0, n, SIDE)
        with _workers(self.half) as pool:
            for row in starts:
                progress("neighbors", int(row * SIDE / n), n)
                self._look(pool, row, row)
            if self.crowded.mean() > GIVEN_UP:
                self.gap[:] = np.inf
                return
            for row in starts:
                progress("neighbors", int(n * (1 - (1 - row / n) ** 2)), n)
                for column in range(row + SIDE, n, SIDE):
                    self._look(pool, row, column)

    def _look(self, pool: ThreadPoolExecutor, row: int, column: int) -> None:
        block, fill = self.products(row, column)

        from imgsim.neighbors import _halves_kernel as kernel

        state = (column, self.least, self.gap, self.slack, self.filled, self.lower, self.places, self.k)
        group = max(1, len(block) // (GROUPS * self.k))

        def rows(lo: int, hi: int) -> None:
            fill(lo, hi)
            if row == column and len(block) // group > self.k:
                kernel.first_bounds(block, lo, hi, row, self.least, self.gap, self.slack, self.k, group)
            kernel.from_rows(block, lo, hi, row, *state)

        def columns(lo: int, hi: int) -> None:
            kernel.from_columns(block, lo, hi, row, *state)

        _shared(pool, rows, block.shape[0])
        if row != column:
            _shared(pool, columns, block.shape[1])

    def squared(self, start: int, stop: int) -> tuple[Ints, Float]:
        """Rows of candidates by ascending place, and their exact squared distances, infinite behind the last."""
        from imgsim.neighbors import _halves_kernel as kernel

        found = np.full((stop - start, self.places.shape[1]), np.inf, np.float32)
        state = (self.least, self.gap, self.slack, self.filled, self.lower, self.places, self.k)
        plan = np.array(summing(self.points.shape[1]))

        def part(lo: int, hi: int) -> None:
            kernel.ranked(start + lo, start + hi, self.points, *state, plan, found[lo:hi])

        with ThreadPoolExecutor(threads()) as pool:
            _shared(pool, part, stop - start)
        return self.places[start:stop], found


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
    drawn = np.random.default_rng(0).normal(size=(SIDE, dim)).astype(np.float32)
    half, single = _half_products(_Centred(drawn))[0], _single_products(drawn)
    return _seconds(half, True) < FASTER * _seconds(single, False)


@contextmanager
def _workers(half: bool) -> Iterator[ThreadPoolExecutor]:
    """Threads that look at products and, in bfloat16, multiply too.

    Each multiplies by itself: torch's own threads go on spinning after a product, and take the cores from the looking.
    """
    if not half:
        with ThreadPoolExecutor(threads()) as pool:
            yield pool
        return
    import torch

    before = torch.get_num_threads()
    with ThreadPoolExecutor(threads(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            yield pool
        finally:
            torch.set_num_threads(before)


def _shared(pool: ThreadPoolExecutor, work: Callable[[int, int], None], length: int) -> None:
    """The work on 0 to `length`, in as many parts as there are threads."""
    ends = np.linspace(0, length, threads() + 1).astype(int).tolist()
    list(pool.map(work, ends[:-1], ends[1:]))


def _seconds(products: Products, half: bool) -> float:
    taken = []
    with _workers(half) as pool:
        for _ in range(5):
            start = time.perf_counter()
            block, fill = products(0, 0)
            _shared(pool, fill, len(block))
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


class _Centred:
    """Points with the mean at 0 and no number above 1, by a power of two: the order of distances stays.

    Worked out for the rows that are asked for.
    """

    def __init__(self, points: Float) -> None:
        self.points, self.centre = points, points.mean(axis=0, dtype=np.float64).astype(np.float32)
        starts = range(0, len(points), CHUNK)
        most = max((float(np.abs(points[at : at + CHUNK] - self.centre).max(initial=0)) for at in starts), default=0)
        self.scale = np.float32(2.0 ** -np.ceil(np.log2(most)) if most else 1)

    def __getitem__(self, rows: slice) -> Float:
        centred: Float = self.points[rows] - self.centre
        centred *= self.scale
        return centred


def _half_products(centred: _Centred) -> tuple[Products, npt.NDArray[np.float64], float]:
    """Products in bfloat16, squared lengths, and the largest share that rounding takes from a vector's length."""
    import torch

    n, dim = centred.points.shape
    halves = torch.empty((n, dim), dtype=torch.bfloat16)
    norms, lost = np.empty(n), np.empty(n)

    def round_rows(lo: int, hi: int) -> None:
        for start in range(lo, hi, CHUNK):
            part = slice(start, min(start + CHUNK, hi))
            exact = centred[part]
            halves[part] = torch.from_numpy(exact)
            norms[part], lost[part] = _squares(exact), _squares(halves[part].float().numpy() - exact)

    with _workers(half=True) as pool:
        _shared(pool, round_rows, n)
    share = float(np.sqrt(np.divide(lost, norms, out=np.zeros_like(norms), where=norms > 0).max(initial=0)))
    room = torch.empty(SIDE * SIDE, dtype=torch.bfloat16)

    def products(row: int, column: int) -> tuple[npt.NDArray[Any], Callable[[int, int], None]]:
        a, b = halves[row : row + SIDE], halves[column : column + SIDE]
        out = room[: len(a) * len(b)].view(len(a), len(b))

        def fill(lo: int, hi: int) -> None:
            torch.mm(a[lo:hi], b.T, out=out[lo:hi])

        return out.view(torch.uint16).numpy(), fill

    return products, norms, share


def _single_products(centred: Float) -> Products:
    room = np.empty(SIDE * SIDE, np.float32)

    def products(row: int, column: int) -> tuple[npt.NDArray[Any], Callable[[int, int], None]]:
        a, b = centred[row : row + SIDE], centred[column : column + SIDE]
        whole = np.matmul(a, b.T, out=room[: len(a) * len(b)].reshape(len(a), len(b)))  # numpy has threads of its own
        return whole, lambda _lo, _hi: None

    return products


def _squares(points: Float) -> npt.NDArray[np.float64]:
    squares: npt.NDArray[np.float64] = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    return squares
