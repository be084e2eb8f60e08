"""Difference hash: does it get brighter from left to right?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._per_image import PerImage
from imgsim.methods._raster import grey, squash
from imgsim.parameters import param
from imgsim.types import Image, Metric


@METHODS.register
@dataclass(frozen=True)
class DHash(PerImage):
    """hash_size**2 bits: is each pixel of the small image brighter than the one on its left? 0 and 1 as float32."""

    id = "dhash"
    title = "dHash"
    family = "hashes"
    sees = "The same picture: copies scaled, recompressed or changed in brightness and contrast."
    blind_to = "What is shown; a copy that is mirrored, turned or cropped is lost, flat areas are noise."
    reference = "Krawetz: Kind of like that, The Hacker Factor Blog, 2013"
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
        return self.hash_size * 4

    def vector(self, image: Image) -> Array:
        """(D,) bits in row order."""
        small = squash(grey(image), self.hash_size + 1, self.hash_size)
        return np.diff(small.astype(np.int16), axis=1).reshape(-1) > 0
