"""Resize the short side, then crop the centre: torchvision's preprocessing, computed for the kept pixels only."""

from __future__ import annotations

from collections.abc import Sequence

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


def fitted_picture(
    image: Image, resized: tuple[int, int], size: tuple[int, int], mode: str, interpolation: str, fill: Sequence[int]
) -> Array:
    """(3, height, width) uint8 of an (H, W, 3) image by timm's three ways to make pictures one size.

    Args:
        image: of any shape.
        resized: height and width before the crop.
        size: height and width that are kept of it.
        mode: `center` keeps the shape and crops, `squash` changes it, `border` fills the short side up.
        interpolation: nearest, bilinear, bicubic, lanczos.
        fill: colour of the border.
    """
    if mode == "center" and size[0] == size[1]:
        return resized_center(image, resized[0], size[0], interpolation)
    from PIL import Image as Pillow

    target = resized if mode == "squash" else _scaled(image.shape[:2], resized, mode == "border")
    picture = Pillow.fromarray(image).resize(target[::-1], Pillow.Resampling[interpolation.upper()])
    canvas = np.empty((*(max(a, b) for a, b in zip(target, size, strict=True)), 3), np.uint8)
    canvas[:] = np.asarray(fill, np.uint8)
    top, left = ((whole - part) // 2 for whole, part in zip(canvas.shape, target, strict=False))
    canvas[top : top + target[0], left : left + target[1]] = np.asarray(picture)
    y, x = (round((whole - part) / 2.0) for whole, part in zip(canvas.shape, size, strict=False))
    return np.ascontiguousarray(canvas[y : y + size[0], x : x + size[1]].transpose(2, 0, 1))


def _scaled(shape: Sequence[int], target: tuple[int, int], whole: bool) -> tuple[int, int]:
    """Height and width at which the picture just fits into the target, or just covers it; at least a pixel."""
    ratios = [have / wanted for have, wanted in zip(shape, target, strict=True)]
    ratio = max(ratios) if whole else min(ratios)
    return max(1, round(shape[0] / ratio)), max(1, round(shape[1] / ratio))
