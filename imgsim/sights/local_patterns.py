"""The pattern round each pixel, as a shade."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Method
from imgsim.methods.lbp import patterns
from imgsim.raster import grey, squash
from imgsim.sights import SIDE, SIGHTS, Sight
from imgsim.types import Image


@SIGHTS.register
class LocalPatterns(Sight):
    """The code of each pixel; what is counted is how often each occurs."""

    id = "local_patterns"
    caption = "The pattern of lighter and darker neighbours round each pixel, as a shade."
    methods = ("lbp",)

    def draw(self, method: Method, image: Image) -> Image:  # noqa: ARG002 - at radius 1
        """Shades of the 59 codes."""
        codes = patterns(squash(grey(image), SIDE // 2, SIDE // 2), 1)
        large = np.kron(np.asarray(codes * 4, dtype=np.uint8), np.ones((2, 2), np.uint8))
        return np.repeat(large[:, :, None], 3, axis=2)
