"""Distorted views of an image: what self-supervision learns to ignore (Chen et al. 2020, appendix A)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from imgsim.training.photos import crop, random_boxes
from imgsim.types import Image


def distorted(
    images: Sequence[Image], side: int, rng: np.random.Generator, area: tuple[float, float] = (0.2, 1.0)
) -> npt.NDArray[np.uint8]:
    """(B, side, side, 3) random crops, mirrored half of the time, with other brightness, contrast, colour, or grey.

    `area`: the smallest and largest share of the largest square that a crop takes.
    """
    shapes = np.array([image.shape[:2] for image in images])
    boxes = random_boxes(shapes, rng, *area)
    views = np.stack([crop(image, box, side) for image, box in zip(images, boxes, strict=True)])
    mirrored = rng.random(len(views)) < 0.5
    views[mirrored] = views[mirrored][:, :, ::-1]
    return recoloured(views, rng)


def recoloured(views: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Each picture with random brightness, contrast, saturation and white balance; a fifth of them grey."""
    n = len(views)

    def factors(reach: float, *shape: int) -> npt.NDArray[np.float32]:
        return rng.uniform(1 - reach, 1 + reach, (n, *shape)).astype(np.float32)

    values = views.astype(np.float32) * factors(0.4, 1, 1, 1)
    level = values.mean(axis=(1, 2, 3), keepdims=True)
    values = level + (values - level) * factors(0.4, 1, 1, 1)
    saturation = factors(0.4, 1, 1, 1) * (rng.random((n, 1, 1, 1)) >= 0.2)
    grey = values @ np.array([0.299, 0.587, 0.114], np.float32)
    values = grey[..., None] + (values - grey[..., None]) * saturation.astype(np.float32)
    tinted = values * np.where(saturation > 0, factors(0.15, 1, 1, 3), 1)
    return np.asarray(np.clip(tinted, 0, 255), dtype=np.uint8)
