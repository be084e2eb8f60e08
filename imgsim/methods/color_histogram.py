"""How much of which colour: the joint histogram of the three channels of a colour space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._grid import grid_histogram, histogram_distance
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import opencv, shrink_to
from imgsim.types import Image, Metric

LONG_SIDE = 256  # pixels; more changes no histogram visibly
TOP = {"rgb": (256, 256, 256), "hsv": (180, 256, 256), "lab": (256, 256, 256)}  # OpenCV's 8-bit ranges, top excluded


@cache
def off_the_edges(space: str, bins: int) -> Image:
    """(1, 256, 3) look-up table that moves red (hue 0) and neutral (a = b = 128) from the edge of a bin to its middle.

    On the edge, noise of one step would split the reds, or the greys, between two bins.
    """
    table = np.repeat(np.arange(256)[:, None], 3, axis=1)
    if space == "hsv":
        table[:, 0] = (table[:, 0] + round(90 / bins)) % 180
    if space == "lab" and bins % 2 == 0:
        table[:, 1:] = np.minimum(table[:, 1:] + 128 // bins, 255)
    return table.astype(np.uint8)[None]


@METHODS.register
@dataclass(frozen=True)
class ColorHistogram(PerImage):
    """bins**3 colours in each cell of a grid; the whole vector is non-negative and sums to 1."""

    id = "color_histogram"
    title = "Colour histogram"
    family = "colour"
    sees = "The same colours in the same amounts."
    blind_to = "What the colours form: shape, texture and, without a grid, where they are."
    formula = "h(c) = pixels of colour c / all pixels; intersection distance: 1 − Σ min(h₁(c), h₂(c))"
    reference = "Swain, Ballard: Color indexing, IJCV 1991, doi:10.1007/BF00130487"
    licence = "none needed"

    space: str = param(
        "hsv", "Colour space: hsv parts hue from brightness, lab follows the eye.", choices=("rgb", "hsv", "lab")
    )
    bins: int = param(8, "Steps per channel; the histogram has bins cubed colours.", minimum=2, maximum=16)
    grid: int = param(1, "Cells per side; more than 1 makes the place of colours count.", minimum=1, maximum=4)
    distance: str = histogram_distance("intersection")

    @property
    def metric(self) -> Metric:
        """The chosen histogram distance, 0 to 1."""
        return cast(Metric, self.distance)

    @property
    def dim(self) -> int:
        """grid**2 * bins**3."""
        return self.grid**2 * self.bins**3

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return LONG_SIDE // 2

    def vector(self, image: Image) -> Array:
        """(D,) shares of pixels, sum 1."""
        return grid_histogram(self._converted(shrink_to(image, LONG_SIDE)), self.grid, self._counts)

    def _converted(self, image: Image) -> Array:
        cv2 = opencv()
        codes = {"hsv": cv2.COLOR_RGB2HSV, "lab": cv2.COLOR_RGB2LAB}
        converted = cv2.cvtColor(image, codes[self.space]) if self.space in codes else image
        return cast(Array, cv2.LUT(converted, off_the_edges(self.space, self.bins)))

    def _counts(self, cell: Array) -> Array:
        ranges = [edge for top in TOP[self.space] for edge in (0, top)]
        return cast(Array, opencv().calcHist([cell], [0, 1, 2], None, [self.bins] * 3, ranges).reshape(-1))
