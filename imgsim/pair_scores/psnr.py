"""Peak signal to noise ratio: mean squared error on a logarithmic scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.pair_scores import PAIR_SCORES, Array
from imgsim.pair_scores._pixel_by_pixel import PixelByPixel

CEILING = 100.0  # dB; identical images would be infinite


@PAIR_SCORES.register
@dataclass(frozen=True)
class Psnr(PixelByPixel):
    """Ten times the logarithm of 255 squared over the mean squared error of all channels."""

    id = "psnr"
    title = "PSNR"
    family = "pixels"
    larger_is_closer = True
    range = "0 to 100 dB (100 stands for identical); good copies are above 30"
    sees = "The same brightness in each pixel."
    blind_to = "Structure: a little noise everywhere and a blur may score alike; any shift scores badly."
    reference = "Huynh-Thu, Ghanbari: Scope of validity of PSNR, Electronics Letters 2008, doi:10.1049/el:20080522"

    def score(self, a: Array, b: Array) -> float:
        """Decibels, 0 to 100."""
        error = float(((a.astype(np.float64) - b) ** 2).mean())
        return min(CEILING, 10 * float(np.log10(255**2 / error))) if error else CEILING

    def channel(self, a: Array, b: Array) -> float:
        """Decibels of one channel."""
        return self.score(a, b)
