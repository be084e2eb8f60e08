"""Projections: vectors become a map of two or three dimensions. One file each, found by scanning this package."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from imgsim.errors import InputError
from imgsim.parameters import values
from imgsim.progress import Progress, silent
from imgsim.projections.placement import place as among
from imgsim.registry import Registry
from imgsim.types import Float, Ints, Neighbors, key_of


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
        self,
        vectors: Float,
        neighbors: Neighbors | None,
        *,
        n_components: int = 2,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Float:
        """(N, n_components) float32 from (N, D) vectors, N from 1; `neighbors` has at least min(k, N - 1) columns.

        `vectors` are in a space where Euclidean distance is meaningful for the method's metric
        (`imgsim.neighbors.euclidean_view`). Same seed and inputs, same map.
        """

    def place(self, vectors: Float, xy: Float, guests: Float, indices: Ints, distances: Float) -> Float:  # noqa: ARG002
        """(G, n_components) float32 places of G guests on a finished map, which stays as it is.

        A guest that equals an image lies on it. Without a way of the projector's own: among the places of the
        neighbours, the nearest weighing most.

        Args:
            vectors: (N, D) what the map was made of.
            xy: (N, n_components) the map.
            guests: (G, D) vectors in the same space.
            indices: (G, k) rows of the nearest of each guest, ascending by distance, k = min(max(k, 16), N).
            distances: (G, k) theirs.
        """
        return np.stack([among(xy, *near) for near in zip(indices, distances, strict=True)])

    @property
    def params(self) -> dict[str, Any]:
        """Parameter values by name."""
        return values(self)

    @property
    def key(self) -> str:
        """Content key of id, version and parameters."""
        return key_of("projector", id=self.id, version=self.version, params=self.params)


PROJECTORS: Registry[Projector] = Registry("projector", __name__)


def graph_of(neighbors: Neighbors | None, k: int, n_images: int) -> tuple[Ints, Float]:
    """The first min(k, N - 1) columns of the shared graph, as (N, k') rows and distances.

    Raises:
        InputError: there is no graph, or it has too few columns or rows.
    """
    wanted = (n_images, min(k, n_images - 1))
    if neighbors is None or len(neighbors.indices) != n_images or neighbors.k < wanted[1]:
        got = None if neighbors is None else neighbors.indices.shape
        raise InputError(f"neighbors must be a graph of {wanted} or more columns, got {got}; compute it with that k.")
    return neighbors.indices[:, : wanted[1]], neighbors.distances[:, : wanted[1]]
