"""A folder of images: recursive, labelled by the parent folder or by a `labels.csv` / `metadata.csv` beside them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple, Self
from urllib.parse import quote_from_bytes, unquote_to_bytes

from imgsim.errors import InputError, UnreadableImageError
from imgsim.images.labels import LABEL_FILES, Labels, above, is_companion, mask_rows, with_labels
from imgsim.images.sources import SOURCES, Contents, Listing, Source
from imgsim.types import Unreadable, key_of

MAX_FILE_BYTES = 2 << 30


class _File(NamedTuple):
    path: str  # relative, posix, as the file system has it
    stamp: str = ""
    refused: str = ""


@SOURCES.register
@dataclass(frozen=True)
class Folder(Source):
    """A folder of this machine and all below it; hidden files and text files that accompany images are passed over."""

    id: ClassVar[str] = "folder"
    root: Path = Path()

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it is a folder of files; one of Parquet with images or vectors inside is another kind."""
        from imgsim.images.sources.parquet_images import holds_images
        from imgsim.images.sources.shards import is_shards

        return bool(text) and Path(text).expanduser().is_dir() and not is_shards(text) and not holds_images(text)

    @classmethod
    def open(cls, text: str) -> Self:
        """The folder at that path."""
        return cls(Path(text).expanduser().resolve())

    @property
    def canonical(self) -> str:
        """The absolute path."""
        return str(self.root)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return readable(self.root.name) or "/"

    def state(self) -> str:
        """Over names, sizes and times of everything listed."""
        return key_of("folder", files=[(readable(f.path), f.stamp, f.refused) for f in self._files])

    def listing(self) -> Listing:
        """Every file that may be an image, in the order of its path."""
        files = [f for f in self._files if not is_companion(f.path)]
        refused = [Unreadable(readable(f.path), f.refused) for f in files if f.refused]
        kept = [f for f in files if not f.refused]
        ids = unique([readable(f.path) for f in kept])
        found = [self._labels(f.path) for f in self._files if f.path.rpartition("/")[2].lower() in LABEL_FILES]
        labels = [label for label in found if label is not None]
        fields = with_labels(ids, labels)
        if masks := mask_rows(ids, fields.get("mask", ())):
            kept = [f for row, f in enumerate(kept) if row not in masks]
            ids = [id for row, id in enumerate(ids) if row not in masks]
            fields = with_labels(ids, labels)
        return Listing(ids, [to_location(f.path) for f in kept], [f.stamp for f in kept], fields, refused)

    def read(self, location: str) -> Contents:
        """The path, checked to be a regular file inside the folder still."""
        path = self.root / from_location(location)
        reason = _refusal(path, self.root)
        if reason:
            raise UnreadableImageError(reason)
        return path

    def mask(self, location: str, named: str) -> Contents | None:
        """The file that the column `mask` names, from the table's folder."""
        paths = above(from_location(location), named) if named else []
        found = next((path for path in paths if not _refusal(self.root / path, self.root)), None)
        return self.root / found if found else None

    def shown_path(self, location: str) -> str:
        """The absolute path."""
        return readable(str(self.root / from_location(location)))

    @cached_property
    def _files(self) -> list[_File]:
        return sorted(_walk(str(self.root), "", self.root), key=lambda f: os.fsencode(f.path))

    def _labels(self, path: str) -> Labels | None:
        try:
            text = (self.root / path).read_bytes()
        except OSError as error:
            raise InputError(f"{readable(path)} must be readable, got {error.strerror}; mend or remove it.") from None
        return Labels.parse(text, readable(path).rpartition("/")[0], readable(path))


def _walk(folder: str, inside: str, root: Path) -> Iterator[_File]:
    """All files below a folder; `inside` is its path within the root. Links are judged, linked folders not entered."""
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        if not inside:
            raise InputError(
                f"{root} must be a readable folder, got {error.strerror}; check its permissions."
            ) from None
        yield _File(inside, refused="the folder may not be read; check its permissions.")
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        path = f"{inside}/{entry.name}" if inside else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, path, root)
        else:
            yield _judged(entry, path, root)


def _judged(entry: os.DirEntry[str], path: str, root: Path) -> _File:
    """One file; only a link is followed to see where it leads, which takes ten times as long as all the rest."""
    if entry.is_symlink():
        reason = _refusal(root / path, root)
        return _File(path, "" if reason else stamp_of(root / path), reason)
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        return _File(path, refused=_unreachable(error))
    reason = _refusal_of(facts)
    return _File(path, "" if reason else _stamp(facts), reason)


def _refusal(path: Path, root: Path) -> str:
    """Why a path must not be opened; "" where it may."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return "it is a link to a file that is gone." if path.is_symlink() else "the file is gone."
    except OSError as error:
        return _unreachable(error)
    if not path.resolve().is_relative_to(root):
        return "it is a link that leads out of the folder."
    if stat.S_ISDIR(facts.st_mode):
        return "it is a link to a folder that is listed in its own place."
    return _refusal_of(facts)


def _refusal_of(facts: os.stat_result) -> str:
    if not stat.S_ISREG(facts.st_mode):
        return "it is not a regular file."
    if facts.st_size > MAX_FILE_BYTES:
        return f"it is larger than {MAX_FILE_BYTES >> 30} GiB."
    return ""


def _unreachable(error: OSError) -> str:
    return f"the file cannot be reached ({error.strerror})."


def stamp_of(path: Path) -> str:
    """Size and times of a file: unchanged means that the contents are."""
    return _stamp(path.stat())


def _stamp(facts: os.stat_result) -> str:
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ctime_ns}"


def readable(path: str) -> str:
    """A path as proper Unicode; bytes that are none are written as \\xff."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", errors="backslashreplace")


def to_location(path: str) -> str:
    """A path as proper Unicode that leads back to it."""
    raw = os.fsencode(path)
    try:
        plain = raw.decode()
    except UnicodeDecodeError:
        plain = ""
    return plain if plain and not plain.startswith("raw:") else "raw:" + quote_from_bytes(raw)


def from_location(location: str) -> str:
    """The inverse of `to_location`."""
    return os.fsdecode(unquote_to_bytes(location[4:])) if location.startswith("raw:") else location


def unique(names: list[str]) -> list[str]:
    """The names, a repeated one with a number after it."""
    taken = set(names)
    seen: set[str] = set()
    out = []
    for name in names:
        number, candidate = 2, name
        while candidate in seen or (candidate != name and candidate in taken):
            candidate, number = f"{name} ({number})", number + 1
        seen.add(candidate)
        out.append(candidate)
    return out
