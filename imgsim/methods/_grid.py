"""Histograms over a spatial grid: n x n cells side by side, so that the place of things counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from imgsim.methods import Array
from imgsim.parameters import param


def histogram_distance(default: str) -> Any:
    """The parameter for how histograms are compared; its value is the method's metric."""
    return param(default, "How two histograms are compared.", choices=("intersection", "chi_square", "hellinger"))


def spans(length: int, n: int) -> list[slice]:
    """Slices, n of them, that cover 0 to length evenly; none is empty, so they overlap where length < n."""
    starts = [i * length // n for i in range(n)]
    return [slice(start, max((i + 1) * length // n, start + 1)) for i, start in enumerate(starts)]


def cells(image: Array, grid: int) -> Iterator[Array]:
    """The grid * grid cells of an image, row by row."""
    for rows in spans(image.shape[0], grid):
        for columns in spans(image.shape[1], grid):
            yield image[rows, columns]


def grid_histogram(image: Array, grid: int, counts: Callable[[Array], Array]) -> Array:
    """(grid * grid * bins,) histogram of the cells, each cell of equal weight, sum 1."""
    histograms = [counts(cell) for cell in cells(image, grid)]
    return np.concatenate([h / h.sum() for h in histograms]) / len(histograms)
