"""Pair scores that compare pixel with pixel, after both images were made the same size."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from imgsim.pair_scores import Array, PairScore
from imgsim.parameters import param
from imgsim.raster import grey, squash
from imgsim.types import Image


@dataclass(frozen=True)
class PixelByPixel(PairScore):
    """Both images are squashed to size x size; a subclass compares one channel, and channels are averaged."""

    licence = "none needed"

    size: int = param(256, "Side in pixels to which both images are squashed first.", choices=(192, 256, 384, 512))
    color: bool = param(False, "Compare the three colour channels; otherwise grey.")

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return self.size

    def prepare(self, image: Image) -> Array:
        """(channels, size, size) uint8."""
        small = squash(image if self.color else grey(image), self.size, self.size)
        return np.ascontiguousarray(np.atleast_3d(small).transpose(2, 0, 1))

    def score(self, a: Array, b: Array) -> float:
        """Mean over the channels."""
        return float(
            np.mean([self.channel(x.astype(np.float32), y.astype(np.float32)) for x, y in zip(a, b, strict=True)])
        )

    @abstractmethod
    def channel(self, a: Array, b: Array) -> float:
        """The score of two (H, W) float32 channels of 0 to 255."""
