"""Edge directions cell by cell, and what each cell gives to the cosine."""

from __future__ import annotations

import numpy as np

from imgsim.explanations import EXPLANATIONS, SIDE, Evidence, Explanation, Picture, Subject, _drawing
from imgsim.methods import Array
from imgsim.methods.hog import Hog
from imgsim.raster import opencv, squash
from imgsim.types import Image


@EXPLANATIONS.register
class HogCells(Explanation):
    """Stars of edge directions over both images, coloured by how much a cell speaks for similarity."""

    id = "hog_cells"
    title = "In which cells do edges run the same way?"
    sees = "The edges of each cell as strokes; orange cells make the similarity."
    methods = ("hog",)
    reference = "Dalal, Triggs: Histograms of oriented gradients, CVPR 2005, doi:10.1109/CVPR.2005.177"

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`a`, `b` (n, n, bins) mean histograms of the cells, row by row; `parts` (n, n) whose sum is the cosine."""
        assert isinstance(subject, Hog)
        first, second = subject.embed([a, b]).astype(np.float64)
        lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
        parts = per_cell(subject, first * second / max(lengths, 1e-300)).sum(axis=2)
        n_blocks = per_cell(subject, np.ones(subject.dim))
        stars = [per_cell(subject, vector) / n_blocks for vector in (first, second)]
        strongest = float(parts.max())
        half = np.sort(parts.ravel())[::-1].cumsum()
        n_half = int(np.searchsorted(half, half[-1] / 2)) + 1
        says = f"The cells add up to a cosine of {parts.sum():.3f}. " + (
            f"Half of it comes from {n_half} of {parts.size} cells."
            if lengths
            else "An image without edges has nothing to compare."
        )
        pictures = tuple(
            Picture(title, _stars(image, star, parts, strongest), "Strokes: edges. Orange: alike in both images.")
            for title, image, star in (("First image", a, stars[0]), ("Second image", b, stars[1]))
        )
        arrays = {"a": stars[0], "b": stars[1], "parts": parts}
        return Evidence(self.id, says, pictures, None, {"cosine": float(parts.sum())}, arrays)


def per_cell(method: Hog, values: Array) -> Array:
    """(n, n, bins) sums over the blocks that hold a cell, row by row, of (D,) values in the order of the vector.

    OpenCV walks blocks, and the cells of a block, column by column.
    """
    n = method.size // method.cell
    blocks = values.reshape(n - 1, n - 1, 2, 2, method.bins)  # x, y of the block, x, y of its cell
    found = np.zeros((n, n, method.bins))
    for x in (0, 1):
        for y in (0, 1):
            found[y : n - 1 + y, x : n - 1 + x] += blocks[:, :, x, y].transpose(1, 0, 2)
    return found


def _stars(image: Image, star: Array, parts: Array, strongest: float) -> Image:
    cv2 = opencv()
    canvas = np.ascontiguousarray(_drawing.heat(squash(image, SIDE, SIDE), parts, strongest))
    n, bins = star.shape[0], star.shape[2]
    step, top = SIDE / n, max(float(star.max()), 1e-12)
    for row, column, k in np.argwhere(star > 0.15 * top):
        along = (k + 0.5) / bins * np.pi + np.pi / 2  # an edge runs across its gradient
        reach = step / 2 * star[row, column, k] / top
        x, y = (column + 0.5) * step, (row + 0.5) * step
        ends = [(round(x + s * reach * np.cos(along)), round(y + s * reach * np.sin(along))) for s in (-1, 1)]
        cv2.line(canvas, ends[0], ends[1], (255, 255, 255), 1, cv2.LINE_AA)
    return canvas
