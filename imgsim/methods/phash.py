"""Perceptual hash: the signs of the slowest waves in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._square_hash import NOISE, SquareHash
from imgsim.raster import grey, opencv, squash
from imgsim.types import Image

OVERSAMPLING = 4  # the small image has this many pixels per bit and axis


@METHODS.register
@dataclass(frozen=True)
class PHash(SquareHash):
    """One bit a low frequency of the cosine transform: is it above the median of all? The constant term is first."""

    id = "phash"
    title = "pHash"
    sees = "The same picture: copies scaled, recompressed, a little brighter or blurred."
    blind_to = "What is shown; a copy that is mirrored, turned or cropped much is lost."
    formula = (
        "bit(u, v) = 1 where C(u, v) > median(C), C the lowest 8 x "
        "8 cosine waves of the grey picture; distance: bits that differ"
    )
    reference = "Zauner: Implementation and benchmarking of perceptual image hash functions, Hagenberg 2010, phash.org"

    def vector(self, image: Image) -> Array:
        """(D,) bits."""
        side = self.hash_size * OVERSAMPLING
        waves = opencv().dct(squash(grey(image), side, side).astype(np.float32))
        low = waves[: self.hash_size, : self.hash_size].reshape(-1)
        return np.asarray(low > np.median(low) + NOISE)
