"""The user's own collections, kept in the workspace: which sources each combines, and the files dropped on the page.

root/collections/<slug>/collection.json   {"name": …, "sources": {key: SOURCE}}
root/collections/<slug>/files/            copies of uploaded images
root/collections/<slug>/archives/         uploaded zips, read in place
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from filelock import FileLock

from imgsim.errors import InputError, UnknownIdError
from imgsim.home import home
from imgsim.images.labels import LABEL_FILES, path_column, read_csv
from imgsim.images.sources import open_source

PREFIX = "library:"
MAX_UPLOAD_BYTES = 4 << 30
Upload = tuple[str, bytes | Path]

_ROOTS: list[Path] = []  # of the libraries made in this process, newest last


@dataclass(frozen=True)
class LibraryItem:
    """One collection of the user: its slug never changes, its name may."""

    slug: str
    name: str
    sources: tuple[tuple[str, str], ...]  # (key, SOURCE); keys never change and begin the ids

    @property
    def source(self) -> str:
        """The SOURCE that opens it."""
        return PREFIX + self.slug


class Library:
    """Collections below one workspace.

    Args:
        root: the workspace; nothing outside of it is ever written or removed.
    """

    def __init__(self, root: Path) -> None:
        self._folder = Path(root).resolve() / "collections"
        with contextlib.suppress(ValueError):
            _ROOTS.remove(Path(root).resolve())
        _ROOTS.append(Path(root).resolve())

    def list(self) -> list[LibraryItem]:
        """All collections, by name."""
        notes = sorted(self._folder.glob("*/collection.json"))
        return sorted((self._read(note.parent.name) for note in notes), key=lambda item: (item.name.lower(), item.slug))

    def get(self, slug: str) -> LibraryItem:
        """One collection.

        Raises:
            UnknownIdError: there is none of that slug.
        """
        if slug not in {note.parent.name for note in self._folder.glob("*/collection.json")}:
            raise UnknownIdError("collection", slug, [item.slug for item in self.list()])
        return self._read(slug)

    def add(self, name: str, sources: Sequence[str] = ()) -> str:
        """Make a collection of sources; returns its slug.

        Raises:
            InputError: the name is empty or a source does not exist.
        """
        name = _checked_name(name)
        checked = [_checked_source(source) for source in sources]
        with self._changing():
            slug = self._free_slug(name)
            self._write(LibraryItem(slug, name, _keyed((), checked)))
        return slug

    def add_files(self, name: str, files: Iterable[Upload]) -> str:
        """Make a collection of uploaded files, (file name, contents or path) each; returns its slug.

        Raises:
            InputError: the name is empty, or a file is too large or of no use.
        """
        slug = self.add(name)
        try:
            self.extend(slug, files=files)
        except BaseException:
            self.remove(slug)
            raise
        return slug

    def extend(self, slug: str, sources: Sequence[str] = (), files: Iterable[Upload] = ()) -> None:
        """Add sources and uploaded files to a collection.

        Raises:
            UnknownIdError: there is no such collection.
            InputError: a source does not exist, or a file is too large or of no use.
        """
        self.get(slug)
        added = [_checked_source(source) for source in sources]
        own = f"{PREFIX}{slug}"
        if own in added:
            raise InputError(f"a collection must not contain itself, got {own}; choose another source.")
        stored = [self._store(slug, filename, contents) for filename, contents in files]
        archives = [str(path) for path in stored if path.parent.name == "archives"]
        with self._changing():
            item = self.get(slug)
            self._write(LibraryItem(slug, item.name, _keyed(item.sources, added + archives)))

    def rename(self, slug: str, name: str) -> None:
        """Give a collection another name; its slug, and so its links, stay.

        Raises:
            InputError: there is no such collection, or the name is empty.
        """
        name = _checked_name(name)
        with self._changing():
            self._write(LibraryItem(slug, name, self.get(slug).sources))

    def remove(self, slug: str) -> None:
        """Forget a collection and its uploaded copies; folders of the user that it pointed at stay untouched.

        Raises:
            UnknownIdError: there is no such collection.
        """
        with self._changing():
            self.get(slug)
            shutil.rmtree(self._folder / slug)

    def files(self, slug: str) -> Path:
        """Where the uploaded images of a collection lie; the folder may not exist."""
        return self._folder / slug / "files"

    def _read(self, slug: str) -> LibraryItem:
        facts = json.loads((self._folder / slug / "collection.json").read_text(encoding="utf-8"))
        return LibraryItem(slug, facts["name"], tuple(facts["sources"].items()))

    def _write(self, item: LibraryItem) -> None:
        folder = self._folder / item.slug
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".collection.{os.getpid()}"
        draft.write_text(json.dumps({"name": item.name, "sources": dict(item.sources)}), encoding="utf-8")
        draft.replace(folder / "collection.json")

    def _changing(self) -> FileLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / ".lock")

    def _free_slug(self, name: str) -> str:
        base = slug_of(name)
        slug, number = base, 2
        while (self._folder / slug).exists():
            slug, number = f"{base}-{number}", number + 1
        return slug

    def _store(self, slug: str, filename: str, contents: bytes | Path) -> Path:
        size = len(contents) if isinstance(contents, bytes) else contents.stat().st_size
        if size > MAX_UPLOAD_BYTES:
            limit = f"{MAX_UPLOAD_BYTES >> 30} GiB"
            raise InputError(f"{filename} must be at most {limit}, got {size >> 30} GiB; open its folder by its path.")
        name = safe_name(filename)
        if name.lower().endswith(".csv"):
            name = _label_name(contents, filename)
        folder = self._folder / slug / ("archives" if name.lower().endswith(".zip") else "files")
        folder.mkdir(parents=True, exist_ok=True)
        return _copy(contents, folder, name)


def find_item(slug: str) -> tuple[LibraryItem, Path]:
    """A collection and the folder of its uploaded files, in the workspace of the environment or of this process.

    Raises:
        UnknownIdError: there is none of that slug.
    """
    default = home()
    for root in (*reversed(_ROOTS), default):
        if (root / "collections" / slug / "collection.json").is_file() and slug == safe_name(slug):
            library = Library.__new__(Library)
            library._folder = root / "collections"
            return library.get(slug), library.files(slug)
    return Library(default).get(slug), default


def slug_of(name: str) -> str:
    """A name in lower-case letters, digits and dashes, at most 40 of them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "collection"


def safe_name(filename: str) -> str:
    """The last part of an uploaded name without anything a file system could take for more than a name."""
    last = PureWindowsPath(filename.replace("\0", "")).name
    kept = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last).strip(". ")
    raw = kept.encode(errors="replace").decode()
    stem, dot, ending = raw.rpartition(".")
    return (f"{stem[:80]}{dot}{ending[:10]}" if dot else raw[:90]) or "image"


def _label_name(contents: bytes | Path, filename: str) -> str:
    data = contents if isinstance(contents, bytes) else contents.read_bytes()
    if path_column(read_csv(data, filename)) is None:
        raise InputError(f"{filename} must have a column named path or file, got none; name the column of file names.")
    return filename.lower() if filename.lower() in LABEL_FILES else "labels.csv"


def _copy(contents: bytes | Path, folder: Path, name: str) -> Path:
    """Written beside, then renamed: a name that is taken gets a number, a half-written file is never seen."""
    draft = folder / f".upload.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        if isinstance(contents, bytes):
            draft.write_bytes(contents)
        else:
            shutil.copyfile(contents, draft)
        stem, dot, ending = name.rpartition(".")
        target, number = folder / name, 2
        while True:
            try:
                os.link(draft, target)  # fails where the name is taken, unlike rename
                return target
            except FileExistsError:
                target = folder / (f"{stem} ({number}){dot}{ending}" if dot else f"{name} ({number})")
                number += 1
    finally:
        draft.unlink(missing_ok=True)


def _checked_name(name: str) -> str:
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:120]
    if not cleaned:
        raise InputError("a collection's name must not be empty, got nothing; for example: Holiday 2024.")
    return cleaned


def _checked_source(source: str) -> str:
    return open_source(source).canonical


def _keyed(had: tuple[tuple[str, str], ...], added: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Sources with keys made from their names; one that is there already is not taken twice."""
    out = dict(had)
    for source in added:
        if source in out.values():
            continue
        base = slug_of(open_source(source).name)
        key, number = base, 2
        while key in out or key == "files":
            key, number = f"{base}-{number}", number + 1
        out[key] = source
    return tuple(out.items())
