"""Resize the short side, then crop the centre: torchvision's preprocessing, computed for the kept pixels only."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Array
from imgsim.types import Image

_EXTREME = 4.0  # long side over short side from which only the needed part is resized


def resized_center(image: Image, resize: int, crop: int, interpolation: str) -> Array:
    """(3, crop, crop) uint8 of an (H, W, 3) image, bit-equal to torchvision's resize and centre crop in Pillow.

    Of a long strip only the kept part is resized: a 1 x 20,000 one would become 230 x 4,600,000 first. Pillow takes a
    box in single precision, so there a value may be off by one.
    """
    from PIL import Image as Pillow

    height, width = image.shape[:2]
    if max(height, width) > _EXTREME * min(height, width):
        return _strip_center(image, resize, crop, interpolation)
    size = resized_size(width, height, resize)
    resized = np.asarray(Pillow.fromarray(image).resize(size, Pillow.Resampling[interpolation.upper()]))
    left, top = round((size[0] - crop) / 2.0), round((size[1] - crop) / 2.0)
    return np.ascontiguousarray(resized[top : top + crop, left : left + crop].transpose(2, 0, 1))


def resized_size(width: int, height: int, short: int) -> tuple[int, int]:
    """(width, height) when the short side becomes `short`, the long side rounded down as torchvision does."""
    if width <= height:
        return short, int(short * height / width)
    return int(short * width / height), short


def _strip_center(image: Image, resize: int, crop: int, interpolation: str) -> Array:
    """The same for a strip: Pillow's filters read beyond a box, so a box of the strip gives that box of the whole."""
    from PIL import Image as Pillow

    height, width = image.shape[:2]
    new_width, new_height = resized_size(width, height, resize)
    left, top = round((new_width - crop) / 2.0), round((new_height - crop) / 2.0)
    across, down = width / new_width, height / new_height  # source pixels per kept pixel
    box = (left * across, top * down, min((left + crop) * across, width), min((top + crop) * down, height))
    picture, box = _needed(image, box, 4 * max(across, down, 1.0))
    kept = Pillow.fromarray(picture).resize((crop, crop), Pillow.Resampling[interpolation.upper()], box=box)
    return np.ascontiguousarray(np.asarray(kept).transpose(2, 0, 1))


def _needed(
    image: Image, box: tuple[float, float, float, float], margin: float
) -> tuple[Image, tuple[float, float, float, float]]:
    """The part of a large picture that the box and the filter round it touch, and the box within that part."""
    x0, y0 = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
    x1, y1 = int(box[2] + margin) + 1, int(box[3] + margin) + 1
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    return part, (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)
