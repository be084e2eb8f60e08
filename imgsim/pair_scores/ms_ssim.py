"""Structural similarity at five scales."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.pair_scores import PAIR_SCORES, Array
from imgsim.pair_scores._pixel_by_pixel import PixelByPixel
from imgsim.pair_scores._structure import structure
from imgsim.raster import opencv

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # the paper's, the finest scale first


@PAIR_SCORES.register
@dataclass(frozen=True)
class MsSsim(PixelByPixel):
    """Product over the scales of contrast and structure, luminance at the coarsest; negative factors count as 0."""

    id = "ms_ssim"
    title = "MS-SSIM"
    family = "perception"
    larger_is_closer = True
    range = "0 to 1 (the same)"
    sees = "The same structure in the same place, coarse and fine, as seen from several distances."
    blind_to = "Content: a shift of some pixels already looks like another picture."
    reference = "Wang, Simoncelli, Bovik: Multiscale structural similarity, ACSSC 2003, doi:10.1109/ACSSC.2003.1292216"

    def channel(self, a: Array, b: Array) -> float:
        """0 to 1."""
        total = 1.0
        for scale, weight in enumerate(WEIGHTS):
            luminance, contrast = structure(a, b)
            last = scale == len(WEIGHTS) - 1
            total *= max(0.0, float((luminance * contrast if last else contrast).mean())) ** weight
            a, b = _halved(a), _halved(b)
        return total


def _halved(image: Array) -> Array:
    """Every 2 x 2 pixels averaged."""
    cv2 = opencv()
    half: Array = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return half
