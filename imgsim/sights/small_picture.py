"""The photo as small as the method keeps it."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Method
from imgsim.raster import squash
from imgsim.sights import SIDE, SIGHTS, Sight
from imgsim.types import Image

CELLS = 28


@SIGHTS.register
class SmallPicture(Sight):
    """Each cell is one of the pixels that are compared."""

    id = "small_picture"
    caption = "The few pixels that are compared."
    families = ("pixels",)

    def draw(self, method: Method, image: Image) -> Image:  # noqa: ARG002 - all look at small pictures
        """Cells of one colour."""
        return np.kron(squash(image, CELLS, CELLS), np.ones((SIDE // CELLS, SIDE // CELLS, 1), np.uint8))
