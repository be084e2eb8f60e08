"""What the hashes of hash_size x hash_size bits share."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.types import Metric

NOISE = 1e-3  # grey levels; without it rounding would give a blank image random bits


@dataclass(frozen=True)
class SquareHash(PerImage):
    """hash_size**2 bits, 0 and 1 as float32, in row order."""

    family = "hashes"
    licence = "none needed"

    hash_size: int = param(8, "Bits per side; 8 gives 64 bits, more makes it stricter.", minimum=4, maximum=16)

    @property
    def metric(self) -> Metric:
        """Number of differing bits, 0 to D."""
        return "hamming"

    @property
    def dim(self) -> int:
        """hash_size**2 bits."""
        return self.hash_size**2

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return self.hash_size * 8
