"""Images: sources are listed, scanned once into collections with thumbnails, and read again safely.

scan(source, directory)        -> Collection, written into the directory; `load` reads it back
open_reader(collection)        -> Reader; `stream` reads many in order, ahead of who consumes them,
                                  `stream_each` for several who need them at their own scales
decode(bytes or path)          -> one (H, W, 3) uint8 RGB image
"""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.images.contents import Need
from imgsim.images.decoding import decode, from_pil
from imgsim.images.library import Library, LibraryItem
from imgsim.images.reader import Reader, open_reader, path_of, stored_vectors, stream, stream_each
from imgsim.images.scan import Onlooker, canonical, identify, load, scan, state
from imgsim.images.sources import SOURCES
from imgsim.images.sources._drawn import Drawn
from imgsim.images.threads import default_threads
from imgsim.images.thumbnails import SIDE as THUMBNAIL_SIDE
from imgsim.images.thumbnails import Thumbnails

__all__ = [
    "THUMBNAIL_SIDE",
    "Library",
    "LibraryItem",
    "Need",
    "Onlooker",
    "Packaged",
    "Reader",
    "Thumbnails",
    "canonical",
    "decode",
    "default_threads",
    "from_pil",
    "identify",
    "load",
    "open_reader",
    "packaged",
    "path_of",
    "scan",
    "state",
    "stored_vectors",
    "stream",
    "stream_each",
]


@dataclass(frozen=True)
class Packaged:
    """A collection that comes with imgsim."""

    source: str
    title: str
    description: str
    n_images: int


_FIRST = "builtin:photos"


def packaged() -> list[Packaged]:
    """The collections that come with imgsim, the photos first."""
    drawn = sorted((kind for kind in SOURCES if issubclass(kind, Drawn)), key=lambda kind: (kind.id != _FIRST, kind.id))
    return [Packaged(kind.id, kind.title, kind.description, kind.n_images) for kind in drawn]
