"""Structural similarity: do the same structures rise and fall in the same places?"""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.pair_scores import PAIR_SCORES, Array
from imgsim.pair_scores._pixel_by_pixel import PixelByPixel
from imgsim.pair_scores._structure import structure


@PAIR_SCORES.register
@dataclass(frozen=True)
class Ssim(PixelByPixel):
    """Mean of luminance, contrast and structure compared in a small Gaussian window."""

    id = "ssim"
    title = "SSIM"
    family = "perception"
    larger_is_closer = True
    range = "-1 to 1 (the same)"
    sees = "The same fine structure in the same place, as an eye would compare a copy with its original."
    blind_to = "Content: a shift of a few pixels already looks like another picture."
    reference = "Wang et al.: Image quality assessment, TIP 2004, doi:10.1109/TIP.2003.819861"

    def channel(self, a: Array, b: Array) -> float:
        """-1 to 1."""
        return float(self.local(a, b).mean())

    def local(self, a: Array, b: Array) -> Array:
        """(H - 10, W - 10) -1 to 1 round each pixel of two (H, W) channels of 0 to 255; their mean is the score."""
        luminance, contrast = structure(a, b)
        return luminance * contrast
