"""Eigenimages: the coordinates of an image along the directions in which the collection varies most."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import METHODS, Array, Method
from imgsim.parameters import fitted, param
from imgsim.principal import principal_axes
from imgsim.raster import grey, squash
from imgsim.types import Float, Image, Metric

MOST_IMAGES = 2000  # that the directions are learnt from, evenly spaced


@METHODS.register
@dataclass(frozen=True)
class Eigenimages(Method):
    """Small grey or colour images (0 to 1) on the principal components of the collection."""

    id = "eigenimages"
    title = "Eigenimages"
    family = "learnt locally"
    sees = "The same broad light and dark, along the ways in which this collection varies; made for aligned faces."
    blind_to = "Anything that moved, and details that are rare in the collection."
    formula = "v = A (x − mean), A the first principal axes of the collection's small pictures; Euclidean distance"
    reference = "Turk, Pentland: Eigenfaces for recognition, JCN 1991, doi:10.1162/jocn.1991.3.1.71"
    licence = "none needed"

    components: int = param(64, "Directions kept, the strongest first.", minimum=2, maximum=256)
    size: int = param(32, "Side of the small image in pixels.", minimum=8, maximum=48)
    color: bool = param(False, "Keep the three colour channels.")
    whiten: bool = param(False, "Give all directions the same weight.")
    mean: Array | None = fitted()
    axes: Array | None = fitted()

    @property
    def metric(self) -> Metric:
        """Euclidean, as in the paper."""
        return "euclidean"

    @property
    def dim(self) -> int:
        """One coordinate a direction; those that a small collection has no variance for are zero."""
        return self.components

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return self.size

    def prepare(self, image: Image) -> Array:
        """(size * size * channels,) uint8."""
        return squash(image if self.color else grey(image), self.size, self.size).reshape(-1)

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns the mean image and the directions from sample images."""
        chosen = np.linspace(0, len(prepared) - 1, min(len(prepared), MOST_IMAGES)).astype(int)
        points = np.stack([prepared[i] for i in chosen]) / np.float32(255)
        mean, axes, variances = principal_axes(points, self.components)
        spread = np.sqrt(variances)[:, None] if self.whiten else np.ones((len(axes), 1), np.float32)
        return dataclasses.replace(self, mean=mean, axes=axes / np.where(spread > 0, spread, 1))

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, components)."""
        mean, axes = self.learnt("mean"), self.learnt("axes")
        # One image at a time: a product of matrices would round differently for each size of batch.
        rows = [axes @ (values / np.float32(255) - mean) for values in prepared]
        return np.asarray(rows, dtype=np.float32).reshape(len(prepared), self.dim)
