"""PCA: the flat shadow with the largest variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector
from imgsim.projections._principal import principal_components
from imgsim.types import Float, Neighbors


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
