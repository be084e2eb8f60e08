"""From a lasso on the map to rows: which of all images lie inside, also those that are not drawn.

The browser sends *strokes*, the closed lines a person drew since the selection was last empty:

    {"panel": 0, "kind": "lasso", "mode": "replace", "x": [...], "y": [...], "hidden": [3, 7]}

A box has two corners in `x` and `y`. `hidden` are the categories that the legend had switched off then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Float

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def rows_in(polygon: npt.ArrayLike, xy: Float) -> Rows:
    """The rows of xy (N, 2) that lie inside a closed polygon (M, 2) of the same coordinates, ascending.

    A place that the line surrounds an odd number of times is inside (the even-odd rule), so the hole of a ring is
    outside. With fewer than three corners nothing is inside.

    Raises:
        InputError: the polygon is not (M, 2).
    """
    corners = np.asarray(polygon, dtype=np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2:
        raise InputError(f"a polygon must be an array of corners (M, 2), got {corners.shape}; send x and y.")
    if len(corners) < 3:
        return np.zeros(0, dtype=np.int64)
    near = rows_in_box(corners, xy)
    return np.asarray(near[_surrounded(corners, xy[near, 0], xy[near, 1])])


def rows_in_box(corners: npt.ArrayLike, xy: Float) -> Rows:
    """The rows of xy (N, 2) inside the upright box round some corners (M, 2), its edge included, ascending."""
    points = np.asarray(corners, dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    return np.flatnonzero(((xy[:, :2] >= low) & (xy[:, :2] <= high)).all(axis=1))


def selected_rows(
    strokes: Sequence[Mapping[str, Any]] | None,
    xys: Sequence[Float],
    codes: npt.NDArray[np.integer[Any]] | None = None,
    start: Sequence[int] | Rows = (),
) -> Rows:
    """The rows that a series of strokes selects, ascending.

    Args:
        strokes: what `scatter` returned as `selection`; None and [] select nothing.
        xys: the map of each panel, (N, 2).
        codes: (N,) category of each image where the map is coloured by category, so that hidden ones stay out.
        start: rows that are selected before the first stroke.

    Raises:
        InputError: a stroke is not of the form above.
    """
    chosen = np.zeros(len(xys[0]) if xys else 0, dtype=bool)
    chosen[np.asarray(start, dtype=np.int64)] = True
    for stroke in strokes or ():
        inside = _inside(stroke, xys, codes)
        mode = stroke.get("mode")
        chosen = chosen | inside if mode == "add" else chosen & ~inside if mode == "remove" else inside
    return np.flatnonzero(chosen)


def _inside(stroke: Mapping[str, Any], xys: Sequence[Float], codes: npt.NDArray[Any] | None) -> Mask:
    try:
        xy = xys[int(stroke["panel"])]
        corners = np.column_stack([np.asarray(stroke["x"], float), np.asarray(stroke["y"], float)])
        hidden = np.asarray(stroke.get("hidden") or [], dtype=np.int64)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError("a stroke must have a panel and equally many x and y; select again on the map.") from error
    inside = np.zeros(len(xy), dtype=bool)
    if len(corners):
        inside[rows_in_box(corners, xy) if stroke.get("kind") == "box" else rows_in(corners, xy)] = True
    return inside & ~np.isin(codes, hidden) if codes is not None and len(hidden) else inside


def _surrounded(corners: npt.NDArray[np.float64], x: Float, y: Float) -> Mask:
    """(N,) whether a ray from each point towards +x crosses the closed line an odd number of times.

    The points are sorted by y, so that a side looks only at those beside it: a lasso has hundreds of short sides.
    """
    order = np.argsort(y, kind="stable")
    xs, ys = x[order].astype(np.float64), y[order].astype(np.float64)
    odd = np.zeros(len(ys), dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            # Half open: a corner on the ray counts once.
            beside = slice(*np.searchsorted(ys, (min(y0, y1), max(y0, y1))))
            odd[beside] ^= xs[beside] < x0 + (ys[beside] - y0) * ((x1 - x0) / (y1 - y0))
    inside = np.empty_like(odd)
    inside[order] = odd
    return inside
