"""Bytes or a file become one upright (H, W, 3) uint8 RGB image, or `UnreadableImageError`; nothing else ever.

Decoding happens once and correctly: EXIF orientation, alpha on white, ICC profile to sRGB, CMYK, 16-bit, palette, grey,
first frame of an animation. Memory is bounded by `imgsim.images.budget`, whatever the file claims to be.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image as Pil
from PIL import ImageFile

from imgsim.errors import UnreadableImageError
from imgsim.images.budget import DECODING, TOTAL_BYTES
from imgsim.images.colours import depth_scale, to_rgb
from imgsim.images.reasons import bomb, reason_for
from imgsim.types import Image

# No EPS (runs Ghostscript), WMF (Windows only), BUFR, GRIB, HDF5, MPEG (stubs), IPTC (a wrapper round raw data).
# fmt: off
FORMATS = (
    "AVIF", "BLP", "BMP", "CUR", "DCX", "DDS", "DIB", "FITS", "FLI", "FTEX", "GBR", "GIF", "ICNS", "ICO", "IM",
    "IMT", "JPEG", "JPEG2000", "MCIDAS", "MSP", "PCD", "PCX", "PIXAR", "PNG", "PPM", "PSD", "QOI", "SGI", "SPIDER",
    "SUN", "TGA", "TIFF", "WEBP", "XBM", "XPM", "XVTHUMB",
)
# fmt: on

MAX_SOURCE_PIXELS = 1_000_000_000  # as the file says, before scaled decoding
MAX_RESULT_PIXELS = 48_000_000  # what is handed out; larger pictures are box-reduced below it
LARGE_PIXELS = 12_000_000  # from here on a picture other than JPEG is reduced as far as `min_side` allows
STRIP_PIXELS = 4_000_000  # a large picture is converted strip by strip

_WIDE_MODES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_BUFFERED_FORMATS = ("WEBP", "AVIF", "JPEG2000", "ICNS", "ICO", "PSD")  # hold a second copy while they decode


@dataclass(frozen=True)
class Decoded:
    """An image and the upright width and height in pixels that its file has."""

    image: Image
    width: int
    height: int


def decode(data: bytes | Path, *, min_side: int | None = None) -> Image:
    """The picture in a file or its bytes: upright, on white, sRGB, (H, W, 3) uint8, C-contiguous.

    Args:
        data: contents of an image file, or its path.
        min_side: the short side in pixels that the caller needs. The picture may be scaled down, never below a short
            side of twice that. None asks for every pixel, up to 48 megapixels.

    Raises:
        UnreadableImageError: it is no image, is damaged, or would need too much memory; the message is the reason.
    """
    return decode_sized(data, min_side=min_side).image


def decode_sized(data: bytes | Path, *, min_side: int | None = None) -> Decoded:
    """As `decode`, with the width and height of the whole picture.

    Raises:
        UnreadableImageError: as `decode`.
    """
    with _opened(data) as picture:
        return _decoded(picture, min_side)


def scaling(data: bytes | Path, min_side: int | None) -> tuple[tuple[int, int], int]:
    """The size at which `decode` takes a picture out of its file for a `min_side`, and what it divides that by.

    Where two give the same, so does `decode`. Only the head of the file is read.

    Raises:
        UnreadableImageError: it is no image; the message is the reason.
    """
    with _opened(data) as picture:
        _draft(picture, min_side)
        return picture.size, _factor(picture.size, min_side)


def from_pil(picture: Pil.Image) -> Image:
    """A Pillow picture of any mode as `decode` would give it, at most 48 megapixels.

    Raises:
        UnreadableImageError: it has no pixels, or its data cannot be read.
    """
    try:
        picture.load()
        if min(picture.size) < 1:
            raise UnreadableImageError("the picture has no pixels.")
        return _upright(_reduced(picture, _factor(picture.size, None)), _orientation(picture))
    except UnreadableImageError:
        raise
    except Exception as error:
        raise UnreadableImageError(reason_for(error, b"?")) from None


@contextmanager
def _opened(data: bytes | Path) -> Iterator[ImageFile.ImageFile]:
    """A file whose head says that it may be decoded; what goes wrong with it has a reason."""
    _prepare_pillow()
    try:
        with Pil.open(io.BytesIO(data) if isinstance(data, bytes) else data, formats=FORMATS) as picture:
            if min(picture.size) < 1:
                raise UnreadableImageError("the picture has no pixels.")
            if picture.size[0] * picture.size[1] > MAX_SOURCE_PIXELS:
                raise UnreadableImageError(bomb(*picture.size))
            yield picture
    except UnreadableImageError:
        raise
    except Exception as error:  # a hostile file raises anything, SyntaxError and MemoryError included
        raise UnreadableImageError(reason_for(error, data)) from None


def _decoded(picture: ImageFile.ImageFile, min_side: int | None) -> Decoded:
    width, height = picture.size
    _draft(picture, min_side)
    cost = _cost(picture, width, height)
    if cost > TOTAL_BYTES:
        raise UnreadableImageError(bomb(width, height))
    with DECODING.take(cost):
        picture.load()
        if picture.size[0] * picture.size[1] * 4 > TOTAL_BYTES:  # an icon may hold more than its header says
            raise UnreadableImageError(bomb(*picture.size))
        orientation = _orientation(picture)
        image = _upright(_reduced(picture, _factor(picture.size, min_side)), orientation)
    return Decoded(image, *((height, width) if orientation > 4 else (width, height)))


def _draft(picture: ImageFile.ImageFile, min_side: int | None) -> None:
    """Let libjpeg decode at 1/2, 1/4 or 1/8 where that still leaves twice the short side that is needed."""
    if picture.format not in ("JPEG", "MPO"):
        return
    width, height = picture.size
    for scale in (8, 4, 2):
        if _allowed(scale, width, height, min_side):
            picture.draft(None, (width // scale, height // scale))
            return


def _allowed(scale: int, width: int, height: int, min_side: int | None) -> bool:
    if min_side is None:
        return width * height > MAX_RESULT_PIXELS * (scale // 2) ** 2  # at half the scale it would be too large
    return min(width, height) // scale >= 2 * min_side


def _factor(size: tuple[int, int], min_side: int | None) -> int:
    """The whole number by which a decoded picture is box-reduced: 1 unless it is very large."""
    pixels = size[0] * size[1]
    factor = 1
    if min_side is not None and pixels > LARGE_PIXELS:
        factor = max(1, min(size) // (2 * min_side))
    while pixels / factor**2 > MAX_RESULT_PIXELS:
        factor += 1
    return factor


def _cost(picture: ImageFile.ImageFile, width: int, height: int) -> int:
    """Bytes that decoding will hold, an upper estimate."""
    pixels = picture.size[0] * picture.size[1]
    cost = pixels * _WIDE_MODES.get(picture.mode, 4)
    if picture.format in _BUFFERED_FORMATS:
        cost *= 2
    if picture.info.get("progressive"):  # libjpeg keeps all coefficients, at full size, 2 bytes each
        cost += width * height * 2 * len(picture.getbands()) // (1 if picture.mode == "CMYK" else 2)
    return cost + 7 * min(pixels, STRIP_PIXELS) + 3 * min(pixels, MAX_RESULT_PIXELS)


def _reduced(picture: Pil.Image, factor: int) -> Image:
    """(ceil(H / factor), ceil(W / factor), 3), box-averaged; a large picture goes strip by strip."""
    width, height = picture.size
    scale = depth_scale(picture)
    if factor == 1 and width * height <= STRIP_PIXELS:
        return np.asarray(to_rgb(picture, scale))
    rows = max(factor, STRIP_PIXELS // width // factor * factor)
    out = np.empty((-(-height // factor), -(-width // factor), 3), np.uint8)
    for top in range(0, height, rows):
        strip = to_rgb(picture.crop((0, top, width, min(height, top + rows))), scale)
        part = np.asarray(strip.reduce(factor) if factor > 1 else strip)
        out[top // factor : top // factor + len(part)] = part
    return out


def _orientation(picture: Pil.Image) -> int:
    """EXIF orientation 1 to 8; 1 where there is none or it cannot be read. To be asked after `load`."""
    try:
        found = picture.getexif().get(0x0112, 1)
    except Exception:  # damaged EXIF does not make the pixels unreadable
        return 1
    return found if found in range(1, 9) else 1


def _upright(image: Image, orientation: int) -> Image:
    if orientation > 4:
        image = image.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


@cache
def _prepare_pillow() -> None:
    Pil.init()
    # Above it Pillow warns, above twice it raises; the checks here refuse such pictures first.
    Pil.MAX_IMAGE_PIXELS = MAX_SOURCE_PIXELS
    # Damaged metadata makes it warn; the picture itself is fine, so nobody needs to hear of it. Once a process: the
    # filters are the process's, and to change them while other threads decode takes them away for a moment.
    warnings.filterwarnings("ignore", module=r"PIL\.")
