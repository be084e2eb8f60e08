"""The scan: each image of a source is read once; hash, size and thumbnail come out of the same pass."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from imgsim.errors import UnreadableImageError
from imgsim.images.contents import picture, read_and_hash
from imgsim.images.manifest import VERSION, Manifest
from imgsim.images.sources import Listing, Source, open_source
from imgsim.images.threads import in_order
from imgsim.images.thumbnails import SIDE, Thumbnails, ThumbnailWriter, thumbnail
from imgsim.progress import Progress, silent
from imgsim.types import Collection, Image

STAGE = "Reading images"


class Onlooker(Protocol):
    """Who is shown each image while the scan has it open; called from several threads."""

    @property
    def min_side(self) -> int:
        """It is shown what `decode` makes with this one."""
        ...

    def see(self, sha256: str, image: Image, seconds: float) -> None:
        """Look at the (H, W, 3) uint8 image of that content hash, which took so long to read and decode."""


@dataclass(frozen=True)
class Found:
    """What the scan learnt of one candidate; `reason` where it is not readable, `passing` where that may change."""

    sha256: str = ""
    width: int = 0
    height: int = 0
    webp: bytes = b""
    reason: str = ""
    passing: bool = False


def scan(
    source: str,
    directory: Path,
    *,
    previous: Path | None = None,
    progress: Progress = silent,
    onlooker: Onlooker | None = None,
) -> Collection:
    """The collection of a SOURCE; manifest and thumbnails are written into `directory`.

    Args:
        source: SOURCE.
        directory: an existing, empty folder.
        previous: the folder of an earlier scan of this source; files unchanged since are not read again.
        progress: called often from this thread; raise `CancelledError` in it to stop.
        onlooker: is shown every image that is read.

    Raises:
        InputError: there is no such source, or it cannot be used.
        CancelledError: `progress` raised it.
    """
    opened = open_source(source)
    listing = opened.listing()
    known = _known(previous)
    total = len(listing.ids)
    found: list[Found] = []

    def tick() -> None:
        progress(STAGE, len(found), total)

    def work(row: int) -> Found:
        stamp, location = listing.stamps[row], listing.locations[row]
        return known.get(location, stamp) or _told(opened, location) or look(opened, location, onlooker)

    tick()
    with ThumbnailWriter(directory) as thumbnails:
        results = in_order(work, range(total), tick=tick)
        try:
            for item in results:
                if not item.reason:
                    thumbnails.add(item.webp)
                found.append(replace(item, webp=b""))
                tick()
        finally:
            results.close()
    manifest = _manifest(opened, listing, found)
    manifest.write(directory)
    return manifest.collection()


def load(directory: Path) -> Collection:
    """The collection of an earlier scan."""
    return Manifest.read(directory).collection()


def state(source: str) -> str:
    """A text that changes when the contents of a SOURCE may have; no image is read.

    Raises:
        InputError: there is no such source.
    """
    return open_source(source).state()


def identify(source: str) -> tuple[str, str]:
    """`canonical` and `state` by one look at the source.

    Raises:
        InputError: there is no such source.
    """
    opened = open_source(source)
    return opened.canonical, opened.state()


def canonical(source: str) -> str:
    """The one spelling of a SOURCE: absolute paths, names as they are.

    Raises:
        InputError: there is no such source.
    """
    return open_source(source).canonical


def look(source: Source, location: str, onlooker: Onlooker | None = None) -> Found:
    """Read, hash, decode and shrink one image."""
    start = time.perf_counter()
    try:
        contents = source.read(location)
    except UnreadableImageError as error:
        return Found(reason=str(error), passing=True)
    try:
        contents, sha256 = read_and_hash(contents)
        decoded = picture(contents, onlooker.min_side if onlooker else SIDE)
        if onlooker:
            onlooker.see(sha256, decoded.image, time.perf_counter() - start)
        return Found(sha256, decoded.width, decoded.height, thumbnail(decoded.image))
    except UnreadableImageError as error:
        return Found(reason=str(error))


def _told(source: Source, location: str) -> Found | None:
    """What the source knows of an image without reading it."""
    try:
        told = source.scanned(location)
    except UnreadableImageError as error:
        return Found(reason=str(error))
    return Found(told.sha256, told.width, told.height, told.webp) if told else None


class _Nothing:
    def get(self, location: str, stamp: str) -> Found | None:  # noqa: ARG002
        return None


class _Earlier:
    """An earlier scan, asked by location and stamp."""

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self._thumbnails = Thumbnails(directory)
        self._rows = {pair: row for row, pair in enumerate(zip(manifest.locations, manifest.stamps, strict=True))}
        self._manifest = manifest

    def get(self, location: str, stamp: str) -> Found | None:
        """What was found then; None when the contents may have changed."""
        if not stamp:
            return None
        was_refused = self._manifest.refused.get(location)
        if was_refused and was_refused[0] == stamp:
            return Found(reason=was_refused[1])
        row = self._rows.get((location, stamp))
        if row is None:
            return None
        fields = self._manifest.fields
        width, height = int(fields["width"][row]), int(fields["height"][row])
        return Found(self._manifest.hashes[row], width, height, self._thumbnails.webp(row))


def _known(previous: Path | None) -> _Nothing | _Earlier:
    if previous is None:
        return _Nothing()
    try:
        manifest = Manifest.read(previous)
        return _Earlier(previous, manifest) if manifest.version == VERSION else _Nothing()
    except (OSError, ValueError, TypeError, KeyError):  # dropped from the cache meanwhile, or of an older version
        return _Nothing()


def _manifest(source: Source, listing: Listing, found: Sequence[Found]) -> Manifest:
    kept = [row for row, item in enumerate(found) if not item.reason]
    failed = [row for row, item in enumerate(found) if item.reason]
    pick = functools.partial(_pick, kept)
    fields: dict[str, Sequence[str] | Sequence[float]] = {
        name: pick(column) for name, column in listing.fields.items() if name not in ("width", "height")
    }
    unreadable = [(item.path, item.reason) for item in listing.refused]
    unreadable += [(listing.ids[row], found[row].reason) for row in failed]
    return Manifest(
        name=source.name,
        source=source.canonical,
        ids=pick(listing.ids),
        hashes=[found[row].sha256 for row in kept],
        locations=pick(listing.locations),
        stamps=pick(listing.stamps),
        fields=fields
        | {"width": [float(found[row].width) for row in kept], "height": [float(found[row].height) for row in kept]},
        unreadable=sorted(unreadable),
        refused={
            listing.locations[row]: (listing.stamps[row], found[row].reason) for row in failed if not found[row].passing
        },
    )


def _pick(rows: Sequence[int], column: Sequence[Any]) -> list[Any]:
    return [column[row] for row in rows]
