"""Transformations of a picture at any strength: 0 leaves it as it is, more changes it more.

The strength is in a unit that a person can picture (degrees, percent, grey levels). Lengths are relative to the
picture, so one strength means the same for a small picture and a large one; noise is the exception, its grain is of
the picture's own pixels. `levels` are the strengths that a sweep looks at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pil
from PIL import ImageEnhance

from imgsim.errors import InputError, UnknownIdError
from imgsim.images.edits import DRAW
from imgsim.types import Image

Draw = Callable[[Pil.Image, float], Pil.Image]


@dataclass(frozen=True)
class Transformation:
    """One way to change a picture.

    Attributes:
        id: snake_case name.
        title: its name for people.
        unit: what a strength counts, such as "degrees".
        levels: the strengths of a sweep, ascending; 0, where nothing happens, is not among them.
        low, high: the range of strengths.
        draw: (picture, strength) -> picture.
    """

    id: str
    title: str
    unit: str
    levels: tuple[float, ...]
    low: float
    high: float
    draw: Draw

    def apply(self, image: Image, strength: float) -> Image:
        """(H, W, 3) uint8 at that strength; the image itself at 0, else a new one, of another size where it crops.

        Raises:
            InputError: the strength is out of range.
        """
        if not self.low <= strength <= self.high:
            raise InputError(
                f"{self.id} must have a strength from {self.low:g} to {self.high:g} {self.unit}, got {strength:g}; "
                "choose one in that range."
            )
        if strength == 0:
            return image
        drawn = self.draw(Pil.fromarray(image), strength)
        return np.ascontiguousarray(np.asarray(drawn.convert("RGB")))


def _smaller(picture: Pil.Image, percent: float) -> Pil.Image:
    return DRAW["scale"](picture, 100 - percent)


def _crop(picture: Pil.Image, percent: float) -> Pil.Image:
    dx, dy = (min(round(side * percent / 200), (side - 1) // 2) for side in picture.size)  # a pixel stays
    return picture.crop((dx, dy, picture.width - dx, picture.height - dy))


def _blur(picture: Pil.Image, percent: float) -> Pil.Image:
    return DRAW["blur"](picture, min(picture.size) * percent / 100)


def _jpeg(picture: Pil.Image, lost: float) -> Pil.Image:
    return DRAW["jpeg"](picture, 100 - lost)


def _brighter(picture: Pil.Image, percent: float) -> Pil.Image:
    return DRAW["brightness"](picture, 100 + percent)


def _contrast(picture: Pil.Image, percent: float) -> Pil.Image:
    return DRAW["contrast"](picture, 100 + percent)


def _grey(picture: Pil.Image, percent: float) -> Pil.Image:
    return ImageEnhance.Color(picture).enhance(1 - percent / 100)


_ALL = (
    Transformation("rotation", "Rotation", "degrees", (5, 15, 30, 45, 90, 180), 0, 180, DRAW["rotate"]),
    Transformation("scale", "Smaller", "% of the side taken away", (50, 75, 90, 95), 0, 97, _smaller),
    Transformation("crop", "Crop", "% of each side cut off", (10, 25, 50, 75), 0, 90, _crop),
    Transformation("mirror", "Mirror", "left for right", (1,), 0, 1, DRAW["mirror"]),
    Transformation("blur", "Blur", "% of the short side", (0.5, 1, 2, 4, 8), 0, 15, _blur),
    Transformation("noise", "Noise", "grey levels", (10, 25, 50, 100), 0, 150, DRAW["noise"]),
    Transformation("jpeg", "JPEG", "points of quality given up", (70, 90, 95, 99), 0, 99, _jpeg),
    Transformation("brightness", "Brightness", "% more light", (-80, -50, -25, 25, 50, 100), -95, 200, _brighter),
    Transformation("contrast", "Contrast", "% more contrast", (-90, -70, -40, 50, 100), -95, 200, _contrast),
    Transformation("hue", "Hue", "degrees", (15, 30, 60, 120, 180), 0, 180, DRAW["hue"]),
    Transformation("grey", "Grey", "% of the colour taken away", (50, 100), 0, 100, _grey),
    Transformation("occlusion", "Occlusion", "% of the area covered", (5, 12, 25, 50), 0, 60, DRAW["occlusion"]),
    Transformation(
        "perspective", "Perspective", "% of the far edge taken away", (15, 30, 50), 0, 80, DRAW["perspective"]
    ),
    Transformation("caption", "Caption", "% of the height", (8, 18, 35), 0, 60, DRAW["caption"]),
    Transformation("frame", "Frame", "% of the short side", (5, 12, 25), 0, 60, DRAW["frame"]),
)

TRANSFORMATIONS: dict[str, Transformation] = {one.id: one for one in _ALL}


def transformation(id: str) -> Transformation:
    """The transformation of that id.

    Raises:
        UnknownIdError: there is none.
    """
    if id not in TRANSFORMATIONS:
        raise UnknownIdError("transformation", id, TRANSFORMATIONS)
    return TRANSFORMATIONS[id]
