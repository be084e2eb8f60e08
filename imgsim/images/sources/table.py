"""A CSV or Parquet table with a `path` or `file` column; its other columns become fields."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from imgsim.errors import InputError, UnreadableImageError
from imgsim.images.labels import path_column, read_csv, typed
from imgsim.images.sources import SOURCES, Column, Contents, Listing, Source
from imgsim.images.sources.folder import MAX_FILE_BYTES, readable, stamp_of
from imgsim.types import Unreadable, key_of

_ENDINGS = (".csv", ".tsv", ".parquet", ".pq")


@SOURCES.register
@dataclass(frozen=True)
class Table(Source):
    """A table on this machine; paths are absolute or relative to the table. The id is the path as it is written."""

    id: ClassVar[str] = "table"
    path: Path = Path()

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it is a file named .csv, .tsv or .parquet."""
        from imgsim.images.sources.parquet_images import holds_images

        return text.lower().endswith(_ENDINGS) and Path(text).expanduser().is_file() and not holds_images(text)

    @classmethod
    def open(cls, text: str) -> Self:
        """The table at that path."""
        return cls(Path(text).expanduser().resolve())

    @property
    def canonical(self) -> str:
        """The absolute path."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The file name without its ending."""
        return readable(self.path.stem)

    def state(self) -> str:
        """Size and times of the table and of every file it names."""
        return key_of("table", table=stamp_of(self.path), files=[self._stamp(path) for path in self._paths])

    def listing(self) -> Listing:
        """Every row whose path names a file, in the order of the paths."""
        first: dict[str, int] = {}
        refused = []
        for row, path in enumerate(self._paths):
            reason = self._refusal(path) if path not in first else f"row {row + 2} names it again; the first is taken."
            if reason:
                refused.append(Unreadable(path or f"row {row + 2}", reason))
            else:
                first[path] = row
        ids = sorted(first)
        fields = {name: _taken(column, [first[id] for id in ids]) for name, column in self._fields.items()}
        return Listing(ids, ids, [self._stamp(id) for id in ids], fields, refused)

    def read(self, location: str) -> Contents:
        """The file, checked again."""
        reason = self._refusal(location)
        if reason:
            raise UnreadableImageError(reason)
        return self._file(location)

    def mask(self, location: str, named: str) -> Contents | None:  # noqa: ARG002 - the path is relative to the table
        """The file that the column `mask` names."""
        return self.read(named) if named else None

    def shown_path(self, location: str) -> str:
        """The absolute path."""
        return str(self._file(location))

    def _file(self, path: str) -> Path:
        return self.path.parent / Path(path).expanduser()

    def _stamp(self, path: str) -> str:
        try:
            return stamp_of(self._file(path))
        except (OSError, ValueError, RuntimeError):
            return ""

    def _refusal(self, path: str) -> str:
        if not path:
            return "the row names no file."
        if "://" in path:
            return "it is a web address; download the image and write its path."
        try:
            file = self._file(path)
            if not file.is_file():
                return "it is no file." if file.exists() else "there is no such file."
            return f"it is larger than {MAX_FILE_BYTES >> 30} GiB." if file.stat().st_size > MAX_FILE_BYTES else ""
        except (OSError, ValueError, RuntimeError):
            return "its path cannot be used."

    @cached_property
    def _columns(self) -> tuple[list[str], dict[str, Column]]:
        columns = _parquet(self.path) if self.path.suffix.lower() in (".parquet", ".pq") else _csv(self.path)
        key = path_column(columns)
        if key is None:
            found = ", ".join(columns) or "none"
            raise InputError(f"{self.path.name} must have a column named path or file, got {found}; rename one.")
        return [_text(value) for value in columns.pop(key)], columns

    @property
    def _paths(self) -> list[str]:
        return self._columns[0]

    @property
    def _fields(self) -> dict[str, Column]:
        return self._columns[1]


def _csv(path: Path) -> dict[str, Column]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} must be readable, got {error.strerror}; check its permissions.") from None
    columns = read_csv(data, path.name)
    key = path_column(columns)
    return {name: values if name == key else typed(name, values) for name, values in columns.items()}


def _parquet(path: Path) -> dict[str, Column]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowException, OSError, ValueError):
        raise InputError(f"{path} must be a Parquet table, got a file that is none; write it again.") from None
    return {name: _column(name, table[name].to_pylist()) for name in table.column_names}


def _column(name: str, values: list[Any]) -> Column:
    numeric = all(v is None or (isinstance(v, int | float) and not isinstance(v, bool)) for v in values)
    if numeric and name.lower() not in ("label", "class"):
        return [math.nan if v is None else float(v) for v in values]
    return [_text(value) for value in values]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _taken(column: Column, rows: list[int]) -> Column:
    return [column[row] for row in rows]  # type: ignore[return-value]
