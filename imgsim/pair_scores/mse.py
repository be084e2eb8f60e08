"""Mean squared error: how far pixels are from each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.pair_scores import PAIR_SCORES, Array
from imgsim.pair_scores._pixel_by_pixel import PixelByPixel


@PAIR_SCORES.register
@dataclass(frozen=True)
class Mse(PixelByPixel):
    """Mean of squared differences."""

    id = "mse"
    title = "MSE"
    family = "pixels"
    larger_is_closer = False
    range = "0 (the same) to 65025, squared grey levels"
    sees = "The same brightness in each pixel."
    blind_to = "Structure: a little noise everywhere and a blur may score alike; any shift scores badly."
    reference = "Wang, Bovik: Mean squared error: love it or leave it?, SPM 2009, doi:10.1109/MSP.2008.930649"

    def channel(self, a: Array, b: Array) -> float:
        """0 to 65025."""
        return float(((a.astype(np.float64) - b) ** 2).mean())
