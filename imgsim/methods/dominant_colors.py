"""Dominant colours: the few colours a person would name, and how much of the picture each covers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._kmeans import kmeans, nearest_center
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import opencv, shrink_to
from imgsim.types import Image, Metric

LONG_SIDE = 48  # pixels; dominant colours cover more than a pixel of it
LEVELS = 5  # steps per channel of the palette


def to_lab(rgb: Array) -> Array:
    """(n, 3) CIELAB (lightness 0 to 100) of (n, 3) RGB values of 0 to 255."""
    cv2 = opencv()
    values = rgb.reshape(1, -1, 3).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2LAB).reshape(-1, 3))


@cache
def palette() -> Array:
    """(125, 3) the even palette of RGB in Lab."""
    steps = np.linspace(0, 255, LEVELS)
    return to_lab(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1))


def dominant_colors(image: Image, n_colors: int) -> tuple[Array, Array]:
    """(k, 3) Lab colours and their (k,) shares (sum 1), the largest first; k is at most n_colors."""
    pixels = to_lab(shrink_to(image, LONG_SIDE))
    centers = kmeans(pixels, n_colors, seed=0)
    shares = np.bincount(nearest_center(pixels, centers), minlength=n_colors) / len(pixels)
    order = np.argsort(-shares, kind="stable")[: np.count_nonzero(shares)]
    return centers[order], shares[order]


@METHODS.register
@dataclass(frozen=True)
class DominantColors(PerImage):
    """Shares of the dominant colours, spread softly over a fixed palette of 125; non-negative, sum 1."""

    id = "dominant_colors"
    title = "Dominant colours"
    family = "colour"
    sees = "The same few main colours in the same amounts, small differences of shade forgiven."
    blind_to = "Small accents of colour, and what the colours form or where they are."
    formula = (
        "k-means of the pixels in Lab; each colour's share spread over a palette by exp(−ΔE² / 2t²); Hellinger distance"
    )
    reference = "Deng et al.: An efficient color representation, TIP 2001, doi:10.1109/83.892450"
    licence = "none needed"

    n_colors: int = param(5, "How many colours stand for the picture.", minimum=1, maximum=16)
    tolerance: float = param(15.0, "Differences of shade (CIELAB units) that count as near.", minimum=5.0, maximum=50.0)

    @property
    def metric(self) -> Metric:
        """Hellinger, 0 to 1."""
        return "hellinger"

    @property
    def dim(self) -> int:
        """Colours of the palette."""
        return LEVELS**3

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return LONG_SIDE

    def vector(self, image: Image) -> Array:
        """(125,) shares."""
        colors, shares = dominant_colors(image, self.n_colors)
        squared = ((colors[:, None] - palette()[None]) ** 2).sum(axis=2)
        # The nearest palette colour is subtracted, so that a far colour does not underflow to no weight at all.
        near = np.exp((squared.min(axis=1, keepdims=True) - squared) / (2 * self.tolerance**2))
        return np.asarray(shares @ (near / near.sum(axis=1, keepdims=True)))
