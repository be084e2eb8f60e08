"""Colour moments: the mean, spread and lean of the colours, in nine numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._grid import cells
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import opencv, shrink_to
from imgsim.types import Image, Metric

LONG_SIDE = 256  # pixels


def moments(pixels: Array) -> Array:
    """(9,) means, standard deviations and cube roots of the third moments of (n, 3) values."""
    channels = np.ascontiguousarray(pixels.T)
    mean = channels.mean(axis=1)
    apart = channels - mean[:, None]
    squared = apart * apart
    return np.concatenate([mean, np.sqrt(squared.mean(axis=1)), np.cbrt((squared * apart).mean(axis=1))])


@METHODS.register
@dataclass(frozen=True)
class ColorMoments(PerImage):
    """Three moments of each channel of Lab (Lab units divided by 100) in each cell of a grid."""

    id = "color_moments"
    title = "Colour moments"
    family = "colour"
    sees = "The same overall colour and contrast; very small and very fast."
    blind_to = "What the colours form, and any mixture that has the same mean and spread."
    formula = "of each channel: mean, √(mean of (x − mean)²), ∛(mean of (x − mean)³); distance: Σ |a − b|"
    reference = "Stricker, Orengo: Similarity of color images, SPIE 1995, doi:10.1117/12.205308"
    licence = "none needed"

    grid: int = param(1, "Cells per side; more than 1 makes the place of colours count.", minimum=1, maximum=8)

    @property
    def metric(self) -> Metric:
        """Sum of absolute differences, as in the paper."""
        return "manhattan"

    @property
    def dim(self) -> int:
        """Nine a cell."""
        return 9 * self.grid**2

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return LONG_SIDE // 2

    def vector(self, image: Image) -> Array:
        """(D,) cell by cell: three means, three spreads, three leans."""
        cv2 = opencv()
        small = shrink_to(image, LONG_SIDE).astype(np.float32) / 255
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float64) / 100
        return np.concatenate([moments(cell.reshape(-1, 3)) for cell in cells(lab, self.grid)])
