"""What the drawings share: pictures at a readable size, heat over them, and two side by side."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Array
from imgsim.raster import grey, opencv, scale_to
from imgsim.types import Image

FOR = np.array([255, 140, 20], np.float32)  # orange: speaks for similarity
AGAINST = np.array([40, 90, 220], np.float32)  # blue: speaks against


def readable(image: Image, side: int) -> Image:
    """The image at a long side of `side` pixels."""
    return np.ascontiguousarray(scale_to(image, side))


def heat(image: Image, parts: Array, strongest: float) -> Image:
    """The image in grey under (h, w) signed parts: orange speaks for similarity, blue against it.

    Args:
        image: (H, W, 3) that the parts cover as a whole.
        parts: (h, w), row by row.
        strongest: the part that gets full colour; take one for both images.
    """
    cv2 = opencv()
    share = np.asarray(parts, np.float32) / max(strongest, 1e-12)
    large = cv2.resize(share, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_CUBIC).clip(-1, 1)
    dim = np.repeat(grey(image)[:, :, None], 3, axis=2).astype(np.float32) * 0.75 + 20
    strength = (0.85 * np.abs(large) ** 0.8)[:, :, None]
    color = np.where(large[:, :, None] >= 0, FOR, AGAINST)
    return np.asarray(np.rint(dim * (1 - strength) + color * strength).clip(0, 255), dtype=np.uint8)


def shades(values: Array, low: float, high: float, side: int) -> Image:
    """(H, W) values as a picture from black (`low`) to white (`high`), at a long side of `side` pixels."""
    share = ((np.asarray(values, np.float64) - low) / (high - low)).clip(0, 1)
    pixels = np.rint(share * 255).astype(np.uint8)
    return readable(np.repeat(pixels[:, :, None], 3, axis=2), side)


def cells(values: Image, side: int) -> Image:
    """(h, w, 3) colours as hard squares, at a long side of about `side` pixels."""
    step = max(1, side // max(values.shape[:2]))
    return np.ascontiguousarray(np.kron(values, np.ones((step, step, 1), np.uint8)))


def beside(a: Image, b: Image, gap: int = 12) -> tuple[Image, int]:
    """Both images in one on white, and the column at which the second begins."""
    height = max(a.shape[0], b.shape[0])
    canvas = np.full((height, a.shape[1] + gap + b.shape[1], 3), 255, np.uint8)
    canvas[: a.shape[0], : a.shape[1]] = a
    start = a.shape[1] + gap
    canvas[: b.shape[0], start:] = b
    return canvas, start
