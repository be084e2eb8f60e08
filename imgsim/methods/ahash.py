"""Average hash: what is brighter than the mean?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._square_hash import SquareHash
from imgsim.raster import grey, squash
from imgsim.types import Image


@METHODS.register
@dataclass(frozen=True)
class AHash(SquareHash):
    """One bit a pixel of the small image: is it brighter than their mean?"""

    id = "ahash"
    title = "aHash"
    sees = "The same layout of light and dark areas."
    blind_to = "What is shown; different pictures of one layout, such as sky over land, collide."
    formula = "bit(p) = 1 where x(p) > mean(x), x the grey picture of 8 x 8; the distance counts bits that differ"
    reference = "Krawetz: Looks like it, The Hacker Factor Blog, 2011"

    def vector(self, image: Image) -> Array:
        """(D,) bits."""
        small = squash(grey(image), self.hash_size, self.hash_size).reshape(-1)
        return np.asarray(small > small.mean())
