"""Methods whose vector is computed from its image alone: nothing is learnt, and no batch is needed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from imgsim.methods import Array, Method
from imgsim.types import Float, Image


class PerImage(Method):
    """A subclass writes `vector`; it runs in the decoding threads, so many images are described at once."""

    @abstractmethod
    def vector(self, image: Image) -> Array:
        """(D,) vector of one (H, W, 3) uint8 image."""

    def prepare(self, image: Image) -> Array:
        """(D,) float32: the finished vector."""
        return np.asarray(self.vector(image), dtype=np.float32)

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D)."""
        return np.asarray(prepared, dtype=np.float32).reshape(len(prepared), self.dim)
