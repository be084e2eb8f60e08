"""A part of a picture: an upright box in shares of its width and height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.errors import InputError
from imgsim.types import Image

SMALLEST = 0.01  # of a side
_DIGITS = 4


@dataclass(frozen=True)
class Region:
    """x and y of the upper left corner, width and height, each a share of the picture's, 0 to 1.

    Raises:
        InputError: it is not inside the picture, or too small to be seen.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        inside = self.x >= 0 and self.y >= 0 and self.x + self.width <= 1.0001 and self.y + self.height <= 1.0001
        if not (inside and self.width >= SMALLEST and self.height >= SMALLEST):
            raise InputError(
                f"a region must lie inside the picture and be at least {SMALLEST:.0%} of its sides, got {self.text}; "
                "give x,y,width,height."
            )

    @property
    def text(self) -> str:
        """`0.1,0.2,0.5,0.5`."""
        return ",".join(f"{round(v, _DIGITS):g}" for v in (self.x, self.y, self.width, self.height))

    def crop(self, image: Image) -> Image:
        """(h, w, 3) the part of an (H, W, 3) picture, at least one pixel."""
        height, width = image.shape[:2]
        left, top = min(int(self.x * width), width - 1), min(int(self.y * height), height - 1)
        right = max(left + 1, min(width, round((self.x + self.width) * width)))
        bottom = max(top + 1, min(height, round((self.y + self.height) * height)))
        return np.ascontiguousarray(image[top:bottom, left:right])


def parse_region(text: str, width: int = 0, height: int = 0) -> Region:
    """The region of `x,y,width,height`: shares of the sides where all are at most 1, else pixels of a known size.

    Raises:
        InputError: it is no region of the picture.
    """
    try:
        x, y, w, h = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"a region must be x,y,width,height, got {text[:40]!r}; for example 0.1,0.2,0.5,0.5."
        ) from None
    if max(x, y, w, h) > 1 and width and height:
        x, y, w, h = x / width, y / height, w / width, h / height
    return Region(x, y, w, h)
