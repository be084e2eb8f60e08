"""Wavelet hash: what is brighter than the median, after Haar wavelets took the detail away?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._square_hash import NOISE, SquareHash
from imgsim.raster import grey, squash
from imgsim.types import Image

BLOCK = 8  # pixels; three levels of the wavelet


@METHODS.register
@dataclass(frozen=True)
class WHash(SquareHash):
    """One bit a block of 8 x 8 pixels: is its low-pass Haar coefficient above the median of all?"""

    id = "whash"
    title = "wHash"
    sees = "The same layout of light and dark areas; half of the bits are always set."
    blind_to = "What is shown; a copy that is mirrored, turned or cropped is lost."
    formula = (
        "bit(p) = 1 where a(p) > median(a), a the low-pass Haar coefficients "
        "of the grey picture; distance: bits that differ"
    )
    reference = "Petrov: Wavelet image hash in Python, 2016; Haar, Math. Annalen 1910, doi:10.1007/BF01456326"

    def vector(self, image: Image) -> Array:
        """(D,) bits."""
        n = self.hash_size
        small = squash(grey(image), n * BLOCK, n * BLOCK)
        # The low-pass part of a Haar transform is the mean of each block, up to a factor.
        low = small.reshape(n, BLOCK, n, BLOCK).mean(axis=(1, 3)).reshape(-1)
        return np.asarray(low > np.median(low) + NOISE)
