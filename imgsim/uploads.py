"""Pictures that a person brings for one look: decoded safely once, kept as PNGs under the hash of their pixels."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import numpy as np

from imgsim import images
from imgsim.errors import InputError
from imgsim.home import home
from imgsim.raster import shrink_to
from imgsim.types import Image

PREFIX = "upload:"
KEPT = 60  # the newest; older ones go
LARGEST = 1600  # pixels of the long side
_REFERENCE = re.compile(r"upload:[0-9a-f]{64}")


def keep(data: bytes) -> str:
    """Its reference, such as `upload:3f…`; the same picture has the same one.

    Raises:
        UnreadableImageError: the bytes are no image, are damaged or too large.
    """
    from PIL import Image as Pillow

    pixels = np.ascontiguousarray(shrink_to(images.decode(data), LARGEST))
    name = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    target = _folder() / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        draft = target.with_suffix(f".{os.getpid()}")
        Pillow.fromarray(pixels).save(draft, "PNG", compress_level=1)
        draft.replace(target)
    os.utime(target)
    _forget()
    return PREFIX + name


def is_upload(reference: str) -> bool:
    """Whether it is the reference of a picture that was brought, and not an id."""
    return _REFERENCE.fullmatch(reference) is not None


def is_kept(reference: str) -> bool:
    """Whether it is such a reference, and its picture is still here."""
    return is_upload(reference) and _path(reference).is_file()


def read(reference: str) -> Image:
    """The picture, (H, W, 3) uint8.

    Raises:
        InputError: it is not kept any more.
    """
    if not is_kept(reference):
        raise InputError("an uploaded picture must still be kept here, got one that is gone; upload it again.")
    return images.decode(_path(reference))


def _path(reference: str) -> Path:
    return _folder() / f"{reference.removeprefix(PREFIX)}.png"


def _folder() -> Path:
    return home() / "uploads"


def _forget() -> None:
    newest = sorted(_folder().glob("*.png"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in newest[KEPT:]:
        path.unlink(missing_ok=True)
