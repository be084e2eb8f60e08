"""`builtin:digits`: scikit-learn's 1,797 handwritten digits, 8 x 8, enlarged until they can be read."""

from __future__ import annotations

import gzip
from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.images.sources import SOURCES, Contents, Listing
from imgsim.images.sources._drawn import Drawn, package_file

SIDE = 112
_MARGIN = 8


@SOURCES.register
class Digits(Drawn):
    """Handwritten digits; ids like `digit_0042`, in the order of the data set.

    Reference: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """

    id: ClassVar[str] = "builtin:digits"
    title: ClassVar[str] = "Handwritten digits"
    n_images: ClassVar[int] = 1797
    description: ClassVar[str] = (
        "1,797 digits from 0 to 9 written by 43 people, 8 x 8 pixels enlarged: small enough to see a whole space at "
        "once, and ten clear groups to look for."
    )

    def listing(self) -> Listing:
        """All digits, with the digit as `label`."""
        labels = [str(int(digit)) for digit in _table()[:, 64]]
        ids = [f"digit_{number:04d}" for number in range(len(labels))]
        return self.listed(ids, {"label": labels})

    def read(self, location: str) -> Contents:
        """The digit, dark on white, smoothly enlarged to 112 x 112."""
        from PIL import Image as Pil

        ink = _table()[int(location.rpartition("_")[2]), :64].reshape(8, 8)
        small = Pil.fromarray((255 - ink * 255 / 16).round().astype(np.uint8))
        inner = SIDE - 2 * _MARGIN
        grey = np.full((SIDE, SIDE), 255, np.uint8)
        grey[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = np.asarray(small.resize((inner, inner), Pil.Resampling.BICUBIC))
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))


@cache
def _table() -> npt.NDArray[np.float64]:
    """(1797, 65): 64 grey levels from 0 to 16, then the digit."""
    with gzip.open(package_file("sklearn", "datasets", "data", "digits.csv.gz"), "rt") as file:
        return np.loadtxt(file, delimiter=",")
