"""Parquet whose rows hold the encoded images themselves, in a column `bytes` or `image`; the rest become fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from imgsim.errors import InputError, UnreadableImageError
from imgsim.images.labels import path_column
from imgsim.images.sources import SOURCES, Column, Contents, Listing, Source
from imgsim.images.sources._parquet import ParquetFiles
from imgsim.images.sources._places import filesystem, is_url
from imgsim.images.sources.folder import readable, unique
from imgsim.images.sources.shards import is_shards
from imgsim.images.sources.table import _column
from imgsim.types import key_of

COLUMNS = ("bytes", "image", "img", "image_bytes", "jpg", "png")


@SOURCES.register
@dataclass(frozen=True)
class ParquetImages(Source):
    """A .parquet file or a folder of them; ids from a column `id`, `path` or `file`, else file and row number."""

    id: ClassVar[str] = "parquet_images"
    place: str = ""
    _files: Any = field(default=None, repr=False, compare=False)

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it is Parquet, one file or a folder of nothing else, with a column of encoded images."""
        return holds_images(text)

    @classmethod
    def open(cls, text: str) -> Self:
        """The file or folder at that path or URL."""
        place = text.rstrip("/") if "://" in text else str(Path(text).expanduser().resolve())
        return cls(place, ParquetFiles(place))

    @property
    def canonical(self) -> str:
        """The path or URL."""
        return self.place

    @property
    def name(self) -> str:
        """The last part of the path without its ending."""
        return readable(self.place.rpartition("/")[2].removesuffix(".parquet"))

    def state(self) -> str:
        """Over names, sizes and times of the files."""
        return key_of("parquet_images", files=self._files.stamps())

    def listing(self) -> Listing:
        """Every row, in the order of files and rows; no image is read."""
        ids: list[str] = []
        places: list[str] = []
        stamps: list[str] = []
        columns: dict[str, list[Any]] = {name: [] for name in self._others}
        for name, stamp in self._files.stamps():
            for number, table in enumerate(self._files.groups(name, self._others or [self._image])):
                ids += self._ids(name, table, len(places))
                places += [f"{name}:{number}:{row}" for row in range(len(table))]
                stamps += [stamp] * len(table)
                for other in self._others:
                    columns[other] += table[other].to_pylist()
        fields: dict[str, Column] = {
            other: _column(other, values) for other, values in columns.items() if other not in (self._key, "id")
        }
        return Listing(unique(ids), places, stamps, fields)

    def read(self, location: str) -> Contents:
        """The bytes of one row."""
        name, group, row = location.rsplit(":", 2)
        value = self._files.row(name, int(group), int(row), [self._image])[self._image]
        data = value.get("bytes") if isinstance(value, dict) else value
        if not isinstance(data, bytes):
            raise UnreadableImageError("its row holds no picture.")
        return data

    def _ids(self, name: str, table: Any, before: int) -> list[str]:
        key = "id" if "id" in table.column_names else self._key
        if key is not None and key in table.column_names:
            return [str(value) for value in table[key].to_pylist()]
        return [f"{name or self.name}/{before + row:09}" for row in range(len(table))]

    @cached_property
    def _image(self) -> str:
        return str(image_column(self._files.schema(self._files.names()[0])))

    @cached_property
    def _others(self) -> list[str]:
        """Columns that are no image and no list."""
        import pyarrow.types as types

        plain = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
        schema = self._files.schema(self._files.names()[0])
        return [one.name for one in schema if any(test(one.type) for test in plain)]

    @cached_property
    def _key(self) -> str | None:
        return path_column(dict.fromkeys(self._others))


def image_column(schema: Any) -> str | None:
    """The column of encoded images: binary, or a struct with `bytes` as Hugging Face writes it."""
    import pyarrow.types as types

    def binary(kind: Any) -> bool:
        return bool(types.is_binary(kind) or types.is_large_binary(kind))

    for name in COLUMNS:
        at = schema.get_field_index(name)
        kind = schema.field(at).type if at >= 0 else None
        if kind is not None and (binary(kind) or (types.is_struct(kind) and kind.get_field_index("bytes") >= 0)):
            return name
    return None


def holds_images(text: str) -> bool:
    """Whether there is Parquet with a column of encoded images at a path or URL."""
    url = is_url(text)
    if not text or is_shards(text) or (not url and "://" in text):
        return False
    path = Path(text).expanduser()
    try:
        if not (_only_parquet_at(text) if url else _only_parquet(path)):
            return False
        files = ParquetFiles(text if url else str(path.resolve()))
        names = files.names()
        return bool(names) and image_column(files.schema(names[0])) is not None
    except (InputError, OSError):
        return False


def _only_parquet(path: Path) -> bool:
    if path.is_dir():
        return all(entry.suffix.lower() == ".parquet" for entry in path.iterdir() if entry.name[0] != ".")
    return path.suffix.lower() in (".parquet", ".pq") and path.is_file()


def _only_parquet_at(url: str) -> bool:
    if url.lower().endswith((".parquet", ".pq")):
        return True
    fs, root = filesystem(url)
    names = [path.rstrip("/").rpartition("/")[2] for path in fs.ls(root, detail=False)]
    return all(name.lower().endswith(".parquet") for name in names if not name.startswith("."))
