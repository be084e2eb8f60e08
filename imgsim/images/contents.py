"""From a source's contents to a hash and a picture; the same step for the scan and for every later read."""

from __future__ import annotations

import hashlib
from pathlib import Path

from imgsim.errors import UnreadableImageError
from imgsim.images.decoding import Decoded, decode_sized
from imgsim.images.reasons import reason_for
from imgsim.images.sources import Contents

IN_MEMORY_BYTES = 64 << 20


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
