"""Why an image cannot be read, in a few plain words for the person who owns the file."""

from __future__ import annotations

from pathlib import Path

from PIL import Image as Pil
from PIL import UnidentifiedImageError

_DAMAGED = (
    "truncated",
    "overrun",
    "not enough",
    "broken data",
    "unrecognized data",
    "decoder error",
    "expected to read",
)

# (offset, first bytes, what it is)
_OTHERS = (
    (0, b"PK\x03\x04", "a zip archive (or an office document)"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ", "an xz archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"%!PS", "a PostScript drawing"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript drawing"),
    (4, b"ftyphei", "a HEIC photo; convert it to JPEG first"),
    (4, b"ftypmif1", "a HEIC photo; convert it to JPEG first"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"<svg", "an SVG drawing, which has no pixels"),
    (0, b"\xd0\xcf\x11\xe0", "an old office document"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture; convert it to PNG first"),
)


def bomb(width: int, height: int) -> str:
    """The reason for a picture that would need too much memory."""
    return f"{width} x {height} pixels need more memory than one image may have; refused as a decompression bomb."


def reason_for(error: BaseException, data: bytes | Path) -> str:
    """One plain sentence for whatever opening or decoding raised."""
    if isinstance(error, FileNotFoundError):
        return "the file is gone."
    if isinstance(error, PermissionError):
        return "the file may not be read; check its permissions."
    if isinstance(error, IsADirectoryError):
        return "it is a folder."
    if isinstance(error, Pil.DecompressionBombError | Pil.DecompressionBombWarning):
        return "it claims to be enormous; refused as a decompression bomb."
    if isinstance(error, MemoryError):
        return "it needs more memory than one image may have."
    if isinstance(error, UnidentifiedImageError):
        return _not_an_image(_start(data))
    return _damaged(str(error))


def _damaged(message: str) -> str:
    if any(word in message.lower() for word in _DAMAGED):
        return "the file is truncated or damaged."
    detail = "".join(c for c in message.splitlines()[0] if c.isprintable())[:100] if message.strip() else ""
    return (
        f"the file is damaged or of an unsupported kind ({detail.rstrip('.')})." if detail else "the file is damaged."
    )


def _not_an_image(start: bytes) -> str:
    if not start:
        return "the file is empty."
    for offset, magic, name in _OTHERS:
        if start[offset : offset + len(magic)] == magic:
            return (
                f"it is not an image but {name}." if "photo" not in name and "picture" not in name else f"it is {name}."
            )
    if b"<svg" in start:
        return "it is not an image but an SVG drawing, which has no pixels."
    if _is_text(start):
        return "it is not an image but text."
    return "it is not an image, or damaged, or of an unknown format."


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:
            return False
        text = start[: error.start].decode()
    return all(c.isprintable() or c in "\r\n\t\f" for c in text)


def _start(data: bytes | Path) -> bytes:
    if isinstance(data, bytes):
        return data[:512]
    with data.open("rb") as file:
        return file.read(512)
