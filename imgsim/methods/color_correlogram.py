"""Colour correlogram: how likely the same colour is found again a few pixels away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import shrink_to
from imgsim.types import Image, Metric

LONG_SIDE = 128  # pixels
DISTANCES = (1, 3, 5, 7)  # pixels, the paper's


def half_ring(distance: int) -> list[tuple[int, int]]:
    """(row, column) steps to half of the square ring at that distance; the other half is their opposite."""
    d = distance
    return [(0, d), *((d, c) for c in range(-d, d + 1)), *((r, s * d) for r in range(1, d) for s in (-1, 1))]


def autocorrelogram(labels: Array, n_colors: int, distances: tuple[int, ...] = DISTANCES) -> Array:
    """(len(distances), n_colors) share of the pixels at a distance from a colour's pixels that have that colour."""
    table = np.zeros((len(distances), n_colors))
    for row, distance in enumerate(distances):
        same, seen = np.zeros(n_colors), np.zeros(n_colors)
        for step in half_ring(distance):
            a, b = _shifted(labels, *step)
            seen += np.bincount(a.ravel(), minlength=n_colors) + np.bincount(b.ravel(), minlength=n_colors)
            same += 2 * np.bincount(a[a == b], minlength=n_colors)
        table[row] = same / np.maximum(seen, 1)
    return table


def _shifted(labels: Array, down: int, right: int) -> tuple[Array, Array]:
    """The two overlapping parts of an image and of itself shifted; down is not negative."""
    height, width = labels.shape
    h, w = max(0, height - down), max(0, width - abs(right))
    left, start = max(0, -right), max(0, right)
    return labels[:h, left : left + w], labels[down : down + h, start : start + w]


@METHODS.register
@dataclass(frozen=True)
class ColorCorrelogram(PerImage):
    """levels**3 colours of RGB at four distances; each value is a probability, 0 to 1."""

    id = "color_correlogram"
    title = "Colour correlogram"
    family = "colour"
    sees = "The same colours in patches of the same size: a histogram that knows blobs from confetti."
    blind_to = "Where the patches are and what shape they have."
    formula = (
        "v(c, d) = share of the pixels at distance d from a pixel of colour c that have colour c; distance: Σ |a − b|"
    )
    reference = "Huang et al.: Image indexing using color correlograms, CVPR 1997, doi:10.1109/CVPR.1997.609412"
    licence = "none needed"

    levels: int = param(4, "Steps per channel; there are levels cubed colours.", minimum=2, maximum=6)

    @property
    def metric(self) -> Metric:
        """Sum of absolute differences."""
        return "manhattan"

    @property
    def dim(self) -> int:
        """Colours times distances."""
        return self.levels**3 * len(DISTANCES)

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return LONG_SIDE

    def vector(self, image: Image) -> Array:
        """(D,) distance by distance."""
        steps = shrink_to(image, LONG_SIDE).astype(np.int64) * self.levels // 256
        labels = (steps[..., 0] * self.levels + steps[..., 1]) * self.levels + steps[..., 2]
        return autocorrelogram(labels, self.levels**3).reshape(-1)
