"""Histograms of oriented gradients: where edges are, and which way they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from imgsim.methods import METHODS, Array
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import grey, opencv, squash
from imgsim.types import Image, Metric


@METHODS.register
@dataclass(frozen=True)
class Hog(PerImage):
    """Edge directions of cells in overlapping blocks of 2 x 2, clipped and normalised (L2-Hys), grey, squashed.

    A blank image has no edges: its vector is zero, at distance 1 from all but blank ones.
    """

    id = "hog"
    title = "HOG"
    family = "gradients"
    sees = "The same outlines in the same places: shape and pose."
    blind_to = "Colour, and the same shape moved, turned or mirrored."
    formula = (
        "per cell h(θ) = Σ |∇x| over pixels whose edge runs along θ; blocks "
        "v / √(‖v‖² + ε²), cut at .2, again; cosine distance"
    )
    reference = "Dalal, Triggs: Histograms of oriented gradients, CVPR 2005, doi:10.1109/CVPR.2005.177"
    licence = "none needed"

    size: int = param(128, "Side in pixels to which the image is squashed first.", choices=(64, 128, 256))
    cell: int = param(16, "Side of a cell in pixels; larger cells forgive small shifts.", choices=(8, 16, 32))
    bins: int = param(9, "Edge directions told apart between 0 and 180 degrees.", minimum=4, maximum=18)

    @property
    def metric(self) -> Metric:
        """Cosine, 0 to 1 as no value is negative."""
        return "cosine"

    @property
    def dim(self) -> int:
        """Blocks times 4 cells times directions."""
        blocks = self.size // self.cell - 1
        return blocks**2 * 4 * self.bins

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return self.size

    def vector(self, image: Image) -> Array:
        """(D,) in OpenCV's block order (column by column)."""
        size, cell = (self.size, self.size), (self.cell, self.cell)
        block = (2 * self.cell, 2 * self.cell)
        descriptor = opencv().HOGDescriptor(size, block, cell, cell, self.bins)
        return cast(Array, descriptor.compute(squash(grey(image), *size)).reshape(-1))
