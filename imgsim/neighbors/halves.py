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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.neighbors.bounds import ROUNDING
from imgsim.progress import Progress, silent
from imgsim.types import Float, Ints

HALF = 2.0**-8  # unit roundoff of bfloat16
TINY = 2.0**-125  # more than what is lost of a term where small numbers count as zero
CHUNK = 2**14  # rows whose rounding is looked at together
SIDE = 2048  # rows of a block of products
ROOM = 4  # candidates of a row, in multiples of k
LEAST_ROOM = 64
GROUPS = 4  # of a row's first products, in multiples of k; the least of each bound the k-th
FROM = 10_000  # vectors; below, the start of numba would show
TORCH_FROM = 5e11  # products of two numbers; below, torch's start would
MOST_K = 256  # neighbours; more need more room than there is gain
FASTER = 0.7  # of the time in float32, from which bfloat16 pays for its wider bounds
GIVEN_UP = 0.5  # share of crowded rows from which looking further does not pay

Products = Callable[[int, int], npt.NDArray[Any]]  # first row, first column -> (SIDE, SIDE), less at the ends


class Candidates:
    """Candidates for the k nearest others of each of (N, D) points, by squared Euclidean distance."""

    def __init__(self, points: Float, k: int, *, half: bool) -> None:
        self.points, self.k = points, k
        centred = _centred(points)
        norms = np.einsum("nd,nd->n", centred, centred, dtype=np.float64)
        error = 8 * (points.shape[1] + 64) * ROUNDING
        if half:
            self.products, lost = _half_products(centred, norms)
            error += lost * (2 + lost) + HALF * (1 + lost) ** 2
        else:
            self.products, self.centred = _single_products(centred), centred
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
        with ThreadPoolExecutor(threads()) as pool:
            for row in starts:
                progress("neighbors", int(row * SIDE / n), n)
                self._look(pool, self.products(row, row), row, row)
            if self.crowded.mean() > GIVEN_UP:
                self.gap[:] = np.inf
                return
            for row in starts:
                progress("neighbors", int(n * (1 - (1 - row / n) ** 2)), n)
                for column in range(row + SIDE, n, SIDE):
                    self._look(pool, self.products(row, column), row, column)

    def _look(self, pool: ThreadPoolExecutor, block: npt.NDArray[Any], row: int, column: int) -> None:
        from imgsim.neighbors import _halves_kernel as kernel

        def part(look: Callable[..., None], length: int, *given: Any) -> None:
            ends = np.linspace(0, length, threads() + 1).astype(int).tolist()
            list(pool.map(lambda lo, hi: look(block, lo, hi, row, *given), ends[:-1], ends[1:]))

        state = (column, self.least, self.gap, self.slack, self.filled, self.lower, self.places, self.k)
        group = max(1, len(block) // (GROUPS * self.k))
        if row == column and len(block) // group > self.k:
            part(kernel.first_bounds, len(block), self.least, self.gap, self.slack, self.k, group)
        part(kernel.from_rows, block.shape[0], *state)
        if row != column:
            part(kernel.from_columns, block.shape[1], *state)

    def squared(self, start: int, stop: int) -> tuple[Ints, Float]:
        """Rows of candidates by ascending place, and their exact squared distances, infinite behind the last."""
        from imgsim.neighbors import _halves_kernel as kernel

        found = np.full((stop - start, self.places.shape[1]), np.inf, np.float32)
        state = (self.least, self.gap, self.slack, self.filled, self.lower, self.places, self.k)
        plan = np.array(summing(self.points.shape[1]))

        def part(lo: int, hi: int) -> None:
            kernel.ranked(lo, hi, self.points, *state, plan, found[lo - start : hi - start])

        ends = np.linspace(start, stop, threads() + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads()) as pool:
            list(pool.map(part, ends[:-1], ends[1:]))
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
    half, single = _half_products(drawn, _squares(drawn))[0], _single_products(drawn)
    return _seconds(half) < FASTER * _seconds(single)


def _seconds(products: Products) -> float:
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        products(0, 0)
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


def _centred(points: Float) -> Float:
    """(N, D) with the mean at 0 and no number above 1, by a power of two; so the order of distances does not change."""
    centred: Float = points - points.mean(axis=0, dtype=np.float64).astype(np.float32)
    most = float(np.abs(centred).max(initial=0))
    centred *= np.float32(2.0 ** -np.ceil(np.log2(most))) if most else 1
    return centred


def _half_products(centred: Float, norms: npt.NDArray[np.float64]) -> tuple[Products, float]:
    """Products in bfloat16, and the largest share that rounding takes from a vector's length."""
    import torch

    halves = torch.from_numpy(centred).bfloat16()
    parts = [slice(start, start + CHUNK) for start in range(0, len(centred), CHUNK)]
    lost = np.concatenate([_squares(halves[part].float().numpy() - centred[part]) for part in parts])
    share = float(np.sqrt(np.divide(lost, norms, out=np.zeros_like(norms), where=norms > 0).max(initial=0)))
    room = torch.empty(SIDE * SIDE, dtype=torch.bfloat16)

    def products(row: int, column: int) -> npt.NDArray[Any]:
        a, b = halves[row : row + SIDE], halves[column : column + SIDE]
        out = room[: len(a) * len(b)].view(len(a), len(b))
        torch.mm(a, b.T, out=out)
        return out.view(torch.uint16).numpy()

    return products, share


def _single_products(centred: Float) -> Products:
    room = np.empty(SIDE * SIDE, np.float32)

    def products(row: int, column: int) -> npt.NDArray[Any]:
        a, b = centred[row : row + SIDE], centred[column : column + SIDE]
        return np.matmul(a, b.T, out=room[: len(a) * len(b)].reshape(len(a), len(b)))

    return products


def _squares(points: Float) -> npt.NDArray[np.float64]:
    squares: npt.NDArray[np.float64] = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    return squares
