"""The image itself, made very small: the plainest baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._normalise import unit
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import grey, squash
from imgsim.types import Image, Metric


@METHODS.register
@dataclass(frozen=True)
class Pixels(PerImage):
    """Squashed to size x size; normalised, two images are compared by their correlation (cosine, 0 to 2).

    A blank image has no contrast to correlate: its normalised vector is zero, at distance 1 from all but blank ones.
    """

    id = "pixels"
    title = "Pixels"
    family = "pixels"
    sees = "Light and dark (and colour) in the same places."
    blind_to = "Anything that moved: a shift, a mirror or a crop makes the same object far."
    formula = "v = (x − mean(x)) / ‖x − mean(x)‖, x the picture of 16 x 16; 1 − v₁ · v₂ is one minus the correlation"
    reference = "Torralba, Fergus, Freeman: 80 million tiny images, TPAMI 2008, doi:10.1109/TPAMI.2008.128"
    licence = "none needed"

    size: int = param(16, "Side of the small image in pixels; larger keeps more detail.", minimum=2, maximum=64)
    normalise: bool = param(True, "Take out brightness and contrast, so that only the pattern counts.")
    color: bool = param(True, "Keep the three colour channels; otherwise compare in grey.")

    @property
    def metric(self) -> Metric:
        """Cosine of the normalised image (their correlation), Euclidean of the plain one."""
        return "cosine" if self.normalise else "euclidean"

    @property
    def dim(self) -> int:
        """Pixels times channels."""
        return self.size * self.size * (3 if self.color else 1)

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return self.size

    def vector(self, image: Image) -> Array:
        """(D,) in row order; 0 to 1, or of zero mean and unit length."""
        small = squash(image if self.color else grey(image), self.size, self.size)
        values = small.reshape(-1) / 255.0
        # A blank image differs from its mean by rounding alone, which must not be blown up to unit length.
        centred = np.where(np.ptp(small), values - values.mean(), 0.0)
        return unit(centred) if self.normalise else values
