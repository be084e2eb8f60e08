"""Local binary patterns: the fine texture, pixel against its eight neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._grid import grid_histogram, histogram_distance
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import Grey, grey, opencv, shrink_to
from imgsim.types import Image, Metric

BINS = 59  # 58 uniform patterns, one for all others
RING = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))  # (row, column), counter-clockwise


@cache
def uniform_labels() -> Grey:
    """(256,) label 0 to 57 of each pattern with at most two changes round the ring, 58 for every other."""
    turned = ((np.arange(256) << 1) | (np.arange(256) >> 7)) & 255
    changes = np.array([int(code).bit_count() for code in np.arange(256) ^ turned])
    labels = np.full(256, BINS - 1, dtype=np.uint8)
    labels[changes <= 2] = np.arange(BINS - 1)
    return labels


def patterns(image: Grey, radius: int) -> Grey:
    """(H, W) labels 0 to 58: which of the eight neighbours `radius` pixels away are at least as bright."""
    cv2 = opencv()
    r, (height, width) = radius, image.shape
    padded = cv2.copyMakeBorder(image, r, r, r, r, cv2.BORDER_REPLICATE)
    codes = np.zeros((height, width), dtype=np.uint8)
    for bit, (row, column) in enumerate(RING):
        top, left = r * (1 + row), r * (1 + column)
        codes |= (padded[top : top + height, left : left + width] >= image).astype(np.uint8) << bit
    return uniform_labels()[codes]


@METHODS.register
@dataclass(frozen=True)
class Lbp(PerImage):
    """Histogram of the 59 uniform patterns in each cell of a grid; the whole vector sums to 1."""

    id = "lbp"
    version = 2
    title = "LBP"
    family = "texture"
    sees = "The same fine texture, such as weave, grain, skin or grass, in the same part of the image."
    blind_to = "Colour, brightness and anything larger than a few pixels."
    formula = "code(p) = Σ 2ⁱ [x(neighbour i) ≥ x(p)], i = 0 … 7; histogram of the codes in each cell; χ² distance"
    reference = "Ojala, Pietikäinen, Mäenpää: Local binary patterns, TPAMI 2002, doi:10.1109/TPAMI.2002.1017623"
    licence = "none needed"

    radius: int = param(1, "Distance of the neighbours in pixels; larger sees coarser texture.", minimum=1, maximum=8)
    grid: int = param(3, "Cells per side; 1 ignores where the texture is.", minimum=1, maximum=8)
    distance: str = histogram_distance("chi_square")

    @property
    def metric(self) -> Metric:
        """The chosen histogram distance, 0 to 1."""
        return cast(Metric, self.distance)

    @property
    def dim(self) -> int:
        """grid**2 * 59."""
        return self.grid**2 * BINS

    def vector(self, image: Image) -> Array:
        """(D,) shares of pixels, sum 1; the long side is at most 256 pixels."""
        labels = patterns(shrink_to(grey(image), 256), self.radius)
        return grid_histogram(labels, self.grid, lambda cell: np.bincount(cell.reshape(-1), minlength=BINS))
