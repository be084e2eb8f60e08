"""Pixels as a WebP file for the browser."""

from __future__ import annotations

import io

from imgsim.types import Image


def webp(pixels: Image, long_side: int, quality: int = 85) -> bytes:
    """(H, W, 3) uint8 RGB as WebP, shrunk so that its long side is at most `long_side` pixels."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(pixels)
    picture.thumbnail((long_side, long_side), Pillow.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()
