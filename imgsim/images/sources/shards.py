"""Embedded shards: sharded Parquet with ids, fields, thumbnails and vectors, as `imgsim embed --out FOLDER/` writes.

The originals need not be in reach: what a scan would find is in the shards. A shard has the columns `id`, `location`
(in the source that was embedded), `sha256`, `width`, `height`, `thumbnail` (WebP), one for each field, and one
fixed-size list of float32 for each method, named by its spec. `imgsim.json` beside them says what they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from imgsim.errors import InputError, UnavailableError, UnreadableImageError
from imgsim.images.sources import SOURCES, Column, Contents, Listing, Scanned, Source, open_source
from imgsim.images.sources._parquet import ParquetFiles
from imgsim.images.sources._places import filesystem, is_url, make_folder
from imgsim.images.sources.folder import readable
from imgsim.types import Float, Unreadable, key_of

NOTE = "imgsim.json"
FIXED = ("id", "location", "sha256", "width", "height", "thumbnail")
VERSION = 1
SEEN = ("sha256", "width", "height", "thumbnail")


@dataclass(frozen=True)
class EmbeddedMethod:
    """A method whose vectors are in the shards: its spec, content key, D and metric."""

    spec: str
    key: str
    dim: int
    metric: str


@dataclass(frozen=True)
class Note:
    """What `imgsim.json` says.

    Attributes:
        name: of the collection.
        source: SOURCE that was embedded.
        methods: whose vectors are there.
        n_images: rows; 0 while shards are being written.
        of: images that these are a fair sample of; 0 when they are all.
        unreadable: (path, reason) of what was left out, the first thousand.
        n_unreadable: how many were.
        complete: whether everything was embedded.
        state: of the source when it was embedded.
    """

    name: str
    source: str
    methods: tuple[EmbeddedMethod, ...]
    n_images: int = 0
    of: int = 0
    unreadable: tuple[tuple[str, str], ...] = ()
    n_unreadable: int = 0
    complete: bool = False
    state: str = ""
    version: int = VERSION

    def write(self, place: str) -> None:
        """Write it into a folder at a path or URL."""
        make_folder(place)
        fs, root = filesystem(place)
        fs.pipe_file(f"{root}/{NOTE}", json.dumps(asdict(self), ensure_ascii=False, indent=1).encode())

    @classmethod
    def read(cls, place: str) -> Note:
        """The note in a folder.

        Raises:
            InputError: there is none, or a later version wrote it.
        """
        fs, root = filesystem(place)
        try:
            told = json.loads(fs.cat_file(f"{root}/{NOTE}"))
            methods = tuple(EmbeddedMethod(**method) for method in told.pop("methods"))
            unreadable = tuple((path, reason) for path, reason in told.pop("unreadable"))
            return cls(**told, methods=methods, unreadable=unreadable)
        except (OSError, ValueError, TypeError, KeyError):
            raise InputError(
                f"{place} must hold an {NOTE} of imgsim, got none that can be read; embed again."
            ) from None


@SOURCES.register
@dataclass(frozen=True)
class Shards(Source):
    """A folder of embedded shards at a path or URL."""

    id: ClassVar[str] = "shards"
    place: str = ""
    note: Note = field(default_factory=lambda: Note("", "", ()), compare=False)

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether the folder has the note."""
        return is_shards(text)

    @classmethod
    def open(cls, text: str) -> Self:
        """The shards at that path or URL."""
        place = text.rstrip("/") if "://" in text else str(Path(text).expanduser().resolve())
        return cls(place, Note.read(place))

    @property
    def canonical(self) -> str:
        """The path or URL."""
        return self.place

    @property
    def name(self) -> str:
        """The name of the collection, and of how many it is a sample."""
        of = f", {self.note.n_images:,} of {self.note.of:,}" if self.note.of else ""
        return readable(self.note.name) + of

    def state(self) -> str:
        """Over names, sizes and times of the shards."""
        return key_of("shards", files=self._files.stamps(), version=self.note.version)

    def listing(self) -> Listing:
        """All rows in the order of their ids, so that it does not matter how they were sharded."""
        ids: list[str] = []
        places: list[str] = []
        columns: dict[str, list[Any]] = {name: [] for name in self._fields}
        stamps: list[str] = []
        for name, stamp in self._files.stamps():
            for number, table in enumerate(self._files.groups(name, ["id", *self._fields])):
                ids += table["id"].to_pylist()
                places += [f"{name}:{number}:{row}" for row in range(len(table))]
                stamps += [stamp] * len(table)
                for other in self._fields:
                    columns[other] += table[other].to_pylist()
        order = sorted(range(len(ids)), key=ids.__getitem__)
        fields = {name: _column([values[i] for i in order]) for name, values in columns.items()}
        refused = [Unreadable(path, reason) for path, reason in self.note.unreadable]
        sorted_ids, sorted_places, sorted_stamps = ([column[i] for i in order] for column in (ids, places, stamps))
        return Listing(sorted_ids, sorted_places, sorted_stamps, fields, refused)

    def scanned(self, location: str) -> Scanned | None:
        """What was found when it was embedded."""
        row = self._row(location, SEEN)
        return Scanned(row["sha256"], row["width"], row["height"], row["thumbnail"])

    def read(self, location: str) -> Contents:
        """The original, where the source that was embedded is in reach."""
        original = self._row(location, ("location",))["location"]
        try:
            return self._origin.read(original)
        except UnavailableError as error:
            raise UnreadableImageError(str(error)) from None

    def shown_path(self, location: str) -> str:
        """Where the original is, as it was embedded."""
        return f"{self.note.source}/{self._row(location, ('location',))['location']}"

    def vectors(self, method: str) -> Iterator[tuple[Sequence[str], Float]]:
        """(B,) sha256 and (B, D) vectors of a method, by its key, shard by shard; nothing where it was not embedded."""
        known = next((one for one in self.note.methods if one.key == method), None)
        if known is None:
            return
        for name in self._files.names():
            for table in self._files.groups(name, ["sha256", known.spec]):
                yield table["sha256"].to_pylist(), matrix(table[known.spec], known.dim)

    @cached_property
    def _files(self) -> ParquetFiles:
        return ParquetFiles(self.place)

    @cached_property
    def _fields(self) -> list[str]:
        names = self._files.names()
        taken = {*FIXED, *(method.spec for method in self.note.methods)}
        return [name for name in (self._files.schema(names[0]).names if names else []) if name not in taken]

    @cached_property
    def _origin(self) -> Source:
        try:
            return open_source(self.note.source)
        except (InputError, UnavailableError):
            raise UnreadableImageError(f"{self.note.source} is not in reach; only its small picture is here.") from None

    def _row(self, location: str, columns: Sequence[str]) -> dict[str, Any]:
        name, group, row = location.rsplit(":", 2)
        return self._files.row(name, int(group), int(row), columns)


def is_shards(text: str) -> bool:
    """Whether there is a folder of embedded shards at a path or URL."""
    if not text:
        return False
    if "://" not in text:
        return (Path(text).expanduser() / NOTE).is_file()
    if not is_url(text):
        return False
    try:
        fs, root = filesystem(text)
        return bool(fs.isfile(f"{root}/{NOTE}"))
    except (InputError, OSError):
        return False


def matrix(column: Any, dim: int) -> Float:
    """(B, D) float32 of an Arrow column of fixed-size lists."""
    flat = column.combine_chunks().flatten() if hasattr(column, "combine_chunks") else column.flatten()
    return np.ascontiguousarray(flat.to_numpy(zero_copy_only=False), np.float32).reshape(-1, dim)


def _column(values: list[Any]) -> Column:
    if all(value is None or isinstance(value, int | float) for value in values):
        return [math.nan if value is None else float(value) for value in values]
    return ["" if value is None else str(value) for value in values]
