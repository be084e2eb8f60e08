"""The bits of a hash as a square of black and white cells."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Method
from imgsim.sights import SIDE, SIGHTS, Sight
from imgsim.types import Image


@SIGHTS.register
class Bits(Sight):
    """All that is left of the photo: one bit a cell."""

    id = "bits"
    caption = "All that is kept of the photo: one bit a cell."
    families = ("hashes",)

    def draw(self, method: Method, image: Image) -> Image:
        """White where a bit is set."""
        vector = method.embed([image])[0]
        side = int(np.ceil(np.sqrt(len(vector))))
        cells = np.zeros(side * side, np.uint8)
        cells[: len(vector)] = np.where(vector > 0, 235, 25)
        rows = np.arange(SIDE) * side // SIDE
        return np.repeat(cells.reshape(side, side)[np.ix_(rows, rows)][:, :, None], 3, axis=2)
