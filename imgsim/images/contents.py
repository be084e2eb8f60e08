"""From a source's contents to a hash and a picture; the same step for the scan and for every later read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from imgsim.errors import UnreadableImageError
from imgsim.images.decoding import Decoded, decode_sized, scaling
from imgsim.images.reasons import reason_for
from imgsim.images.sources import Contents
from imgsim.types import Image

IN_MEMORY_BYTES = 64 << 20

Prepared = TypeVar("Prepared")
Need = tuple[Callable[[Image], Prepared], int | None]  # what is made of an image, and the `min_side` it is decoded for


def read_and_hash(contents: Contents) -> tuple[Contents, str]:
    """The contents, read once if they are a file of moderate size, and their sha256 in hexadecimal.

    Raises:
        UnreadableImageError: the file cannot be read.
    """
    if isinstance(contents, bytes):
        return contents, hashlib.sha256(contents).hexdigest()
    if not isinstance(contents, Path):
        digest = hashlib.sha256(f"{contents.shape}".encode())
        digest.update(contents.data)
        return contents, digest.hexdigest()
    try:
        with contents.open("rb") as file:
            start = file.read(IN_MEMORY_BYTES)
            if len(start) < IN_MEMORY_BYTES:
                return start, hashlib.sha256(start).hexdigest()
            file.seek(0)
            return contents, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableImageError(reason_for(error, b"")) from None


def picture(contents: Contents, min_side: int | None) -> Decoded:
    """The picture in the contents; one that was drawn is as it is.

    Raises:
        UnreadableImageError: they cannot be decoded.
    """
    if isinstance(contents, bytes | Path):
        return decode_sized(contents, min_side=min_side)
    return Decoded(contents, contents.shape[1], contents.shape[0])


def prepared(contents: Contents, needs: Sequence[Need[Prepared]]) -> tuple[list[Prepared], int, int]:
    """What each need makes of what `picture` gives for its `min_side`, and the whole picture's width and height.

    What is needed at the same scale is decoded once; pictures of different scales are in memory one after the other.

    Raises:
        UnreadableImageError: they cannot be decoded.
    """
    sides = {side for _, side in needs}
    if isinstance(contents, bytes | Path) and len(sides) > 1:
        scales: dict[int | None, object] = {side: scaling(contents, side) for side in sides}
    else:
        scales = dict.fromkeys(sides)
    groups: dict[object, list[int]] = {}
    for place, (_, side) in enumerate(needs):
        groups.setdefault(scales[side], []).append(place)
    found: dict[int, Prepared] = {}
    for places in groups.values():
        decoded = picture(contents, needs[places[0]][1])
        found |= {place: needs[place][0](decoded.image) for place in places}
    return [found[place] for place in range(len(needs))], decoded.width, decoded.height
