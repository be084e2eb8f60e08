"""Thumbnails: WebP, 128 px on the long side, all in one file with an index of offsets."""

from __future__ import annotations

import io
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image as Pil

from imgsim.types import Image

SIDE = 128
QUALITY = 80
_PIXELS = "thumbnails.bin"
_OFFSETS = "thumbnails.npy"


def thumbnail(image: Image) -> bytes:
    """The WebP of an image, long side at most 128 px, antialiased."""
    picture = Pil.fromarray(image)
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = picture.resize(size, Pil.Resampling.HAMMING, reducing_gap=2.0)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=1)
    return out.getvalue()


class Thumbnails:
    """The thumbnails of a scanned collection, by row.

    Args:
        directory: where `scan` wrote them.
    """

    def __init__(self, directory: Path) -> None:
        self._offsets = np.load(directory / _OFFSETS)
        path = directory / _PIXELS
        self._bytes = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def webp(self, row: int) -> bytes:
        """The WebP of one image.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= row < len(self):
            raise IndexError(f"row must be 0 to {len(self) - 1}, got {row}")
        return self._bytes[self._offsets[row] : self._offsets[row + 1]].tobytes()


class ThumbnailWriter:
    """Appends thumbnails one after the other; the index is written at the end of the `with` block."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._offsets = [0]
        self._file = (directory / _PIXELS).open("wb")

    def __enter__(self) -> Self:
        return self

    def add(self, webp: bytes) -> None:
        """Append one."""
        self._file.write(webp)
        self._offsets.append(self._offsets[-1] + len(webp))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None:
            np.save(self._directory / _OFFSETS, np.array(self._offsets, np.int64))
