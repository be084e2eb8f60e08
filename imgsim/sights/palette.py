"""The colours of the photo, each as wide as it is frequent."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Method
from imgsim.raster import squash
from imgsim.sights import SIDE, SIGHTS, Sight
from imgsim.types import Image

LEVELS = 4  # a channel
SHOWN = 12


@SIGHTS.register
class Palette(Sight):
    """The most frequent of 64 colours; where they are in the photo is not seen."""

    id = "palette"
    caption = "The colours and how much there is of each; not where."
    families = ("colour",)

    def draw(self, method: Method, image: Image) -> Image:  # noqa: ARG002 - all count colours
        """Stripes, the most frequent first."""
        pixels = squash(image, 64, 64).reshape(-1, 3)
        cell = (pixels // (256 // LEVELS)).astype(int) @ np.array([LEVELS**2, LEVELS, 1])
        counts = np.bincount(cell, minlength=LEVELS**3)
        chosen = [c for c in np.argsort(-counts, kind="stable")[:SHOWN] if counts[c]]
        ends = np.round(np.cumsum(counts[chosen]) / counts[chosen].sum() * SIDE).astype(int)
        picture = np.zeros((SIDE, SIDE, 3), np.uint8)
        for c, start, end in zip(chosen, [0, *ends[:-1]], ends, strict=True):
            picture[:, start:end] = pixels[cell == c].mean(axis=0)
        return picture
