"""Difference hash: does it get brighter from left to right?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._square_hash import SquareHash
from imgsim.raster import grey, squash
from imgsim.types import Image


@METHODS.register
@dataclass(frozen=True)
class DHash(SquareHash):
    """One bit a pixel of the small image: is it brighter than the one on its left?"""

    id = "dhash"
    title = "dHash"
    sees = "The same picture: copies scaled, recompressed or changed in brightness and contrast."
    blind_to = "What is shown; a copy that is mirrored, turned or cropped is lost, flat areas are noise."
    formula = (
        "bit(r, c) = 1 where x(r, c + 1) > x(r, c), x the grey picture of 8 x 9; the distance counts bits that differ"
    )
    reference = "Krawetz: Kind of like that, The Hacker Factor Blog, 2013"

    def vector(self, image: Image) -> Array:
        """(D,) bits."""
        small = squash(grey(image), self.hash_size + 1, self.hash_size)
        return np.diff(small.astype(np.int16), axis=1).reshape(-1) > 0
