"""The photo cut into windows, each in a colour made of its vector: windows of one colour look alike to the method."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Method
from imgsim.sights import SIDE, SIGHTS, Sight
from imgsim.types import Float, Image

GRID = 7  # windows a side
SHARE = 0.3  # of the photo that a window takes, a side


@SIGHTS.register
class Patches(Sight):
    """The first three principal components of the windows' vectors as red, green and blue."""

    id = "patches"
    caption = "The photo in windows: those of one colour look alike to the method."

    def draw(self, method: Method, image: Image) -> Image:
        """A method that must be fitted learns from these windows."""
        prepared = [method.prepare(window) for window in windows(image)]
        fitted = method.fit(prepared) if method.needs_fit else method
        colours = as_colours(fitted.embed_batch(prepared)).reshape(GRID, GRID, 3)
        return np.kron(colours, np.ones((SIDE // GRID, SIDE // GRID, 1), np.uint8))


def windows(image: Image) -> list[Image]:
    """GRID x GRID overlapping windows, row by row."""
    height, width = image.shape[:2]
    tall, wide = max(1, int(height * SHARE)), max(1, int(width * SHARE))
    tops = np.linspace(0, height - tall, GRID).astype(int)
    lefts = np.linspace(0, width - wide, GRID).astype(int)
    return [np.ascontiguousarray(image[top : top + tall, left : left + wide]) for top in tops for left in lefts]


def as_colours(vectors: Float) -> Image:
    """(N, 3) uint8: the three widest directions of (N, D) vectors, each stretched to 30 to 225."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    scores = np.zeros((len(vectors), 3))
    n = min(3, len(sizes))
    scores[:, :n] = left[:, :n] * sizes[:n]
    low, high = scores.min(axis=0), scores.max(axis=0)
    return np.asarray(30 + 195 * (scores - low) / np.maximum(high - low, 1e-9), dtype=np.uint8)
