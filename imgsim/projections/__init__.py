"""Projections: vectors become a map of two or three dimensions. One file each, found by scanning this package."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from imgsim.parameters import values
from imgsim.progress import Progress, silent
from imgsim.registry import Registry
from imgsim.types import Float, Neighbors, key_of


class Projector(ABC):
    """Vectors -> map. Subclasses are frozen dataclasses whose fields are the parameters."""

    id: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int] = 1
    keeps: ClassVar[str]  # what the map can be trusted for, one plain sentence
    loses: ClassVar[str]  # what it cannot be trusted for, one plain sentence
    reference: ClassVar[str]

    @property
    def k(self) -> int:
        """Neighbours per image that `fit` wants in the shared graph; 0 when it uses none."""
        return 0

    @abstractmethod
    def fit(
        self, vectors: Float, neighbors: Neighbors | None, *, n_components: int = 2, seed: int = 0,
        progress: Progress = silent,
    ) -> Float:
        """(N, n_components) float32 from (N, D) vectors, N from 1; `neighbors` has at least min(k, N - 1) columns.

        `vectors` are in a space where Euclidean distance is meaningful for the method's metric
        (`imgsim.neighbors.euclidean_view`). Same seed and inputs, same map.
        """

    @property
    def params(self) -> dict[str, Any]:
        """Parameter values by name."""
        return values(self)

    @property
    def key(self) -> str:
        """Content key of id, version and parameters."""
        return key_of("projector", id=self.id, version=self.version, params=self.params)


PROJECTORS: Registry[Projector] = Registry("projector", __name__)
