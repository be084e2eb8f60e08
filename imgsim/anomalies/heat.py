"""Maps of a detector as heat over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.raster import grey, opencv
from imgsim.types import Float, Image

SIGMA = 4 / 224  # of the smoothing, as a share of the long side: 4 pixels in the papers' pictures of 224
ORANGE = (255, 140, 20)
Scale = tuple[float, float]


def full(map: npt.NDArray[Any], height: int, width: int) -> Float:
    """An (h, w) map over a picture of (height, width): up-sampled and smoothed by a Gaussian."""
    cv2 = opencv()
    large = cv2.resize(np.asarray(map, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    sigma = SIGMA * max(height, width)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), sigma) if sigma > 0.2 else large, np.float32)


def scale_of(maps: Float, normal: Sequence[int] | npt.NDArray[Any]) -> Scale:
    """Values without colour and of full colour, the same for all pictures: nine of ten parts of normal pictures have
    none; of twenty pictures' strangest parts one has all of it.
    """
    low = float(np.quantile(maps[normal] if len(normal) else maps, 0.9))
    high = float(np.quantile(maps.max(axis=(1, 2)), 0.95))
    return low, max(high, low + 1e-6)


def overlay(image: Image, heat: Float, scale: Scale, opacity: float) -> Image:
    """The picture in grey under (H, W) heat: the more orange, the stranger; opacity 0 to 1."""
    low, high = scale
    share = (opacity * ((heat - low) / (high - low)).clip(0, 1))[..., None]
    mixed = grey(image)[..., None].astype(np.float32) * (1 - share) + np.array(ORANGE, np.float32) * share
    return np.asarray(np.rint(mixed), np.uint8)


def outlined(image: Image, mask: npt.NDArray[np.bool_]) -> Image:
    """The picture with a white line, dark at its rim, round what an (H, W) mask marks."""
    cv2 = opencv()
    drawn = np.ascontiguousarray(image).copy()
    large = cv2.resize(mask.astype(np.uint8), (image.shape[1], image.shape[0]), interpolation=cv2.INTER_NEAREST)
    lines = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    for color, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.drawContours(drawn, lines, -1, color, thickness)
    return np.asarray(drawn)
