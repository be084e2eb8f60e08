"""Grey and resized pictures, at OpenCV's speed, for images of any size from 1 x 1 and any aspect ratio."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.types import Image

Grey = npt.NDArray[np.uint8]  # (H, W)
KEYPOINT_SIDE = 320  # pixels; SIFT does 34 images/s and core, against 9 at 640
KEYPOINT_THINNEST = 16  # pixels; OpenCV's scale space needs some height
Raster = npt.NDArray[np.uint8]  # (H, W) or (H, W, 3)


@functools.cache
def opencv() -> Any:
    """The cv2 module, kept to the calling thread: the pipeline brings its own, and results do not depend on theirs."""
    import cv2

    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    return cv2


def grey(image: Image) -> Grey:
    """(H, W) luma (ITU-R BT.601) of an (H, W, 3) RGB image, 0 to 255."""
    cv2 = opencv()
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY))


def squash(image: Raster, width: int, height: int) -> Raster:
    """The whole image in exactly height x width pixels, aspect ratio given up; area means where it shrinks."""
    cv2 = opencv()
    # INTER_AREA skips pixels as soon as one axis grows, so the axes that shrink go first.
    small = cv2.resize(
        np.ascontiguousarray(image),
        (min(image.shape[1], width), min(image.shape[0], height)),
        interpolation=cv2.INTER_AREA,
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def scale_to(image: Raster, long_side: int) -> Raster:
    """The image scaled up or down to that long side in pixels, aspect ratio kept as far as 1 pixel allows."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    return squash(image, max(1, round(width * scale)), max(1, round(height * scale)))


def shrink_to(image: Raster, long_side: int) -> Raster:
    """The image itself where it is small enough, else scaled down to that long side in pixels."""
    return scale_to(image, long_side) if max(image.shape[:2]) > long_side else image


def keypoint_canvas(image: Image, long_side: int = KEYPOINT_SIDE) -> Grey:
    """(H, W) grey at the long side that keypoints are searched at, padded where it is too thin for that."""
    cv2 = opencv()
    small = scale_to(grey(image), long_side)
    missing = [max(0, KEYPOINT_THINNEST - side) for side in small.shape]
    return np.asarray(cv2.copyMakeBorder(small, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE))
