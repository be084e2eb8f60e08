"""PCA: the flat shadow with the largest variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector
from imgsim.projections._principal import principal_components
from imgsim.types import Float, Ints, Neighbors


@PROJECTORS.register
@dataclass(frozen=True)
class Pca(Projector):
    """Principal component analysis."""

    id: ClassVar[str] = "pca"
    title: ClassVar[str] = "PCA"
    keeps: ClassVar[str] = "The largest differences of the collection, in proportion."
    loses: ClassVar[str] = (
        "Everything outside the first axes: groups that differ in smaller ways lie on top of another."
    )
    reference: ClassVar[str] = "Pearson 1901, On lines and planes of closest fit to systems of points in space"

    def fit(
        self,
        vectors: Float,
        neighbors: Neighbors | None,  # noqa: ARG002
        *,
        n_components: int = 2,
        seed: int = 0,  # noqa: ARG002
        progress: Progress = silent,
    ) -> Float:
        """(N, n_components) coordinates; neighbours and seed are not needed."""
        progress("pca", 0, 1)
        xy = principal_components(vectors, n_components)
        progress("pca", 1, 1)
        return xy

    def place(
        self,
        vectors: Float,
        xy: Float,
        guests: Float,
        indices: Ints,  # noqa: ARG002
        distances: Float,  # noqa: ARG002
    ) -> Float:
        """Exactly, by the axes: with X' the centred vectors and Y the map, they are X'^T Y divided by Y's variances."""
        mean = vectors.mean(axis=0, dtype=np.float64)
        sums = np.einsum("nc,nc->c", xy, xy, dtype=np.float64)
        axes = (vectors - mean).T @ xy / np.where(sums > 0, sums, np.inf)
        return np.asarray((guests - mean) @ axes, np.float32)
