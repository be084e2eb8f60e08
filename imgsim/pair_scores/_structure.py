"""The two factors of structural similarity, pixel by pixel."""

from __future__ import annotations

import numpy as np

from imgsim.pair_scores import Array
from imgsim.raster import opencv

RADIUS = 5  # of the window, 11 x 11
SIGMA = 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def structure(a: Array, b: Array) -> tuple[Array, Array]:
    """Luminance and contrast-structure, -1 to 1 each, (H - 10, W - 10), of two (H, W) float32 images of 0 to 255."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = _smooth(a), _smooth(b)
    var_a, var_b = _smooth(a * a) - mean_a**2, _smooth(b * b) - mean_b**2
    covariance = _smooth(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return luminance, (2 * covariance + C2) / (var_a + var_b + C2)


def _smooth(image: Array) -> Array:
    """The Gaussian mean round each pixel whose window lies inside."""
    side = 2 * RADIUS + 1
    return np.asarray(opencv().GaussianBlur(image, (side, side), SIGMA)[RADIUS:-RADIUS, RADIUS:-RADIUS])
