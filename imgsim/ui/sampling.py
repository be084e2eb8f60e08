"""Which points to draw when there are more than a browser should hold, and how dense the rest is.

Every point of a map has a place in one *draw order*; a sample of any part of the map is the first of that part. So the
points that are drawn stay drawn when one zooms in, and the same question has the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim.types import Float

Rows = npt.NDArray[np.int64]

_CELLS = 128  # a side of the grid that a sample is fair to; its cells fit int16, whose stable sort is linear
_SQUARES = 16  # a side of the grid of which the first points are drawn
_SEED = 0
_STRAY = 5  # points on each side, and one more of every 100,000, that must not stretch the grid


@dataclass(frozen=True)
class Box:
    """A part of a map, in its coordinates."""

    x0: float
    x1: float
    y0: float
    y1: float


def rows_inside(xy: Float, box: Box) -> Rows:
    """The rows of xy (N, 2|3) inside a box, its edge included, ascending."""
    x, y = xy[:, 0], xy[:, 1]
    return np.flatnonzero((x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1))


def draw_order(xy: Float) -> npt.NDArray[np.int32]:
    """(N,) int32, the place of each point of xy (N, 2|3) in the order in which points are drawn, 0 first.

    The map is cut into a grid. The n-th point (at random) of a cell of c comes at n / sqrt(c): first one of every cell,
    then of each in proportion to the square root of its count. So a rare cluster stays visible and a crowd is thinned,
    but still looks like the larger crowd.
    """
    n = len(xy)
    if not n:
        return np.zeros(0, np.int32)
    random = np.random.default_rng(_SEED)
    shuffled = random.permutation(n)
    low, high = _middle(xy)
    cell = _cells(xy, _CELLS, low, high).astype(np.int16)[shuffled]
    by_cell = shuffled[np.argsort(cell, kind="stable")]
    counts = np.bincount(cell, minlength=_CELLS**2)
    place = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    when = place / np.repeat(np.sqrt(counts), counts) + 1e-6 * random.random(n)  # no cell before another one
    by_cell = _few_first(xy, by_cell[np.argsort(when)], shuffled)
    order = np.empty(n, np.int32)
    order[by_cell] = np.arange(n, dtype=np.int32)
    return order


def _few_first(xy: Float, ordered: Rows, shuffled: Rows) -> Rows:
    """The order with one point of each large square of the whole map in front, so that even a small sample spans it."""
    box = bounds(xy)
    square = _cells(xy, _SQUARES, np.array([box.x0, box.y0]), np.array([box.x1, box.y1]))[shuffled]
    first = np.full(_SQUARES**2, -1)
    first[square[::-1]] = shuffled[::-1]
    front = first[first >= 0]
    chosen = np.zeros(len(xy), dtype=bool)
    chosen[front] = True
    return np.concatenate([ordered[chosen[ordered]], ordered[~chosen[ordered]]])


def sample(order: npt.NDArray[np.int32], rows: Rows, cap: int) -> Rows:
    """At most `cap` of `rows`, the first of the `draw_order`, ascending."""
    if len(rows) <= cap:
        return rows
    return np.sort(rows[np.argpartition(order[rows], cap - 1)[:cap]])


def density(xy: Float, rows: Rows, box: Box, side: int = 256) -> npt.NDArray[np.uint8]:
    """(side * side,) how crowded each cell of a box is with the rows inside it, 0 to 255 on a log scale, y upwards."""
    if not len(rows):
        return np.zeros(side * side, np.uint8)
    low, high = _ordered(np.array([box.x0, box.y0]), np.array([box.x1, box.y1]))
    counts = np.bincount(_cells(xy[rows], side, low, high), minlength=side * side)
    shade: npt.NDArray[np.uint8] = (255 * np.log1p(counts) / np.log1p(counts.max())).round().astype(np.uint8)
    return shade


def bounds(xy: Float) -> Box:
    """The box of all points of a map; a unit one where there are none."""
    if not len(xy):
        return Box(0.0, 1.0, 0.0, 1.0)
    low, high = _ordered(xy[:, :2].min(axis=0), xy[:, :2].max(axis=0))
    return Box(float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def _cells(xy: Float, side: int, low: Float, high: Float) -> npt.NDArray[np.int64]:
    """(N,) the cell of each point, counted along x, then up y; who lies outside is in the cell at the edge."""
    x, y = (
        ((xy[:, axis] - low[axis]) * (side / (high[axis] - low[axis]))).clip(0, side - 1).astype(np.int64)
        for axis in (0, 1)
    )
    cells: npt.NDArray[np.int64] = y * side + x
    return cells


def _middle(xy: Float) -> tuple[Float, Float]:
    """The corners of the box that holds all but the outermost, so that a stray point does not coarsen the grid."""
    last = len(xy) - 1
    stray = min(_STRAY + len(xy) // 100_000, last // 2)
    ordered = np.partition(xy[:, :2], (stray, last - stray), axis=0)
    return _ordered(ordered[stray], ordered[last - stray])


def _ordered(low: Float, high: Float) -> tuple[Float, Float]:
    return low, np.where(high > low, high, low + 1)
