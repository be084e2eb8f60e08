"""Perceptual hash: the signs of the slowest waves in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._per_image import PerImage
from imgsim.methods._raster import grey, opencv, squash
from imgsim.parameters import param
from imgsim.types import Image, Metric

OVERSAMPLING = 4  # the small image has this many pixels per bit and axis
NOISE = 1e-3  # grey levels; rounding of the transform, which would give a blank image random bits


@METHODS.register
@dataclass(frozen=True)
class PHash(PerImage):
    """hash_size**2 bits: is each low frequency of the cosine transform above their median? 0 and 1 as float32."""

    id = "phash"
    title = "pHash"
    family = "hashes"
    sees = "The same picture: copies scaled, recompressed, a little brighter or blurred."
    blind_to = "What is shown; a copy that is mirrored, turned or cropped much is lost."
    reference = "Zauner: Implementation and benchmarking of perceptual image hash functions, Hagenberg 2010, phash.org"
    licence = "none needed"

    hash_size: int = param(8, "Bits per side; 8 gives 64 bits, more makes it stricter.", minimum=4, maximum=16)

    @property
    def metric(self) -> Metric:
        """Number of differing bits, 0 to D."""
        return "hamming"

    @property
    def dim(self) -> int:
        """hash_size**2 bits."""
        return self.hash_size**2

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return self.hash_size * OVERSAMPLING

    def vector(self, image: Image) -> Array:
        """(D,) bits in row order, the constant term first."""
        side = self.hash_size * OVERSAMPLING
        waves = opencv().dct(squash(grey(image), side, side).astype(np.float32))
        low = waves[: self.hash_size, : self.hash_size].reshape(-1)
        return np.asarray(low > np.median(low) + NOISE)
