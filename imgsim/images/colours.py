"""Any Pillow mode becomes 8-bit sRGB: alpha on white, ICC profiles applied, deep greys scaled."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image as Pil
from PIL import ImageCms

_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")


def depth_scale(picture: Pil.Image) -> tuple[float, float] | None:
    """(black, white) of a picture with more than 8 bits a channel; None for all others.

    White is the smallest usual full scale that holds the brightest pixel (1, 255, 4095 or 65535); a picture outside
    of these is stretched from its darkest to its brightest pixel.
    """
    if picture.mode not in _DEEP:
        return None
    values = np.asarray(picture)
    finite = values[np.isfinite(values)] if picture.mode == "F" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    scales = (1.0, 255.0, 4095.0, 65535.0) if picture.mode == "F" else (255.0, 4095.0, 65535.0)
    if low >= 0 and high <= scales[-1]:
        return 0.0, next(white for white in scales if high <= white)
    return low, high


def to_rgb(picture: Pil.Image, scale: tuple[float, float] | None) -> Pil.Image:
    """The picture in mode RGB; `scale` is what `depth_scale` said of the whole picture."""
    if scale is not None:
        return _deep_to_grey(picture, *scale).convert("RGB")
    profile = picture.info.get("icc_profile")
    flat = _on_white(picture)
    converted = _to_srgb(flat, profile) if isinstance(profile, bytes) and profile else None
    return converted if converted is not None else flat.convert("RGB")


def _deep_to_grey(picture: Pil.Image, black: float, white: float) -> Pil.Image:
    values = np.nan_to_num(np.asarray(picture, np.float32), nan=black, posinf=white, neginf=black)
    share = (values - black) / (white - black or 1.0)
    return Pil.fromarray((np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8))


def _on_white(picture: Pil.Image) -> Pil.Image:
    if picture.mode not in _ALPHA and "transparency" not in picture.info:
        return picture.convert("RGB") if picture.mode in ("P", "1") else picture
    if picture.mode in ("La", "RGBa"):
        picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[picture.mode])
    picture = picture.convert("RGBA")
    white = Pil.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    return white.convert("RGB")


def _to_srgb(picture: Pil.Image, profile: bytes) -> Pil.Image | None:
    """The picture in sRGB; None when the profile is broken, is for another kind of picture, or is sRGB already."""
    try:
        transform = _transform(profile, picture.mode)
        return ImageCms.applyTransform(picture, transform) if transform is not None else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    if mode not in ("RGB", "L", "CMYK"):
        return None
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode == "RGB" and (source.profile.profile_description or "").startswith("sRGB"):
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
