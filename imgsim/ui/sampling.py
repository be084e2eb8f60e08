"""Which points to draw when there are more than a browser should hold, and how dense the rest is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim.types import Float

Rows = npt.NDArray[np.int64]

_CELLS = 128  # a side of the grid of a sample
_SEED = 0


@dataclass(frozen=True)
class Box:
    """A part of a map, in its coordinates."""

    x0: float
    x1: float
    y0: float
    y1: float


def rows_inside(xy: Float, box: Box) -> Rows:
    """The rows of xy (N, 2|3) inside a box, ascending."""
    x, y = xy[:, 0], xy[:, 1]
    return np.flatnonzero((x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1))


def sample(xy: Float, rows: Rows, cap: int) -> Rows:
    """At most `cap` of `rows`, ascending, spread so that rare clusters stay visible.

    The box of the points is cut into a grid and each cell gives in proportion to the square root of its count, so a
    lonely point is all but certain to be drawn and a crowd is thinned. Same input, same sample.
    """
    if len(rows) <= cap:
        return rows
    order = np.random.default_rng(_SEED).permutation(len(rows))
    cell = _cells(xy[rows[order]], _CELLS)
    by_cell = np.argsort(cell, kind="stable")
    _, start, counts = np.unique(cell[by_cell], return_index=True, return_counts=True)
    place = np.empty(len(rows))
    place[by_cell] = np.arange(len(rows)) - np.repeat(start, counts)
    # The n-th of a cell of c is drawn at rank (n / c) * sqrt(c): thinning by the square root of the crowd.
    crowd = np.empty(len(rows))
    crowd[by_cell] = np.repeat(np.sqrt(counts), counts)
    return np.sort(rows[order[np.argsort(place / crowd, kind="stable")[:cap]]])


def density(xy: Float, side: int = 256) -> tuple[npt.NDArray[np.uint8], Box]:
    """(side * side,) how crowded each cell of the map's box is, 0 to 255 on a log scale, rows of y upwards."""
    if not len(xy):
        return np.zeros(side * side, np.uint8), Box(0.0, 1.0, 0.0, 1.0)
    low, high = _bounds(xy)
    counts = np.bincount(_cells(xy, side), minlength=side * side)
    shade = np.log1p(counts) / np.log1p(counts.max())
    return (shade * 255).round().astype(np.uint8), Box(float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def _cells(xy: Float, side: int) -> npt.NDArray[np.int64]:
    """(N,) the cell of each point, counted along x, then up y."""
    low, high = _bounds(xy)
    place = ((xy[:, :2] - low) / (high - low) * side).astype(np.int64).clip(0, side - 1)
    cells: npt.NDArray[np.int64] = place[:, 1] * side + place[:, 0]
    return cells


def _bounds(xy: Float) -> tuple[Float, Float]:
    low, high = xy[:, :2].min(axis=0), xy[:, :2].max(axis=0)
    return low, np.where(high > low, high, low + 1)
