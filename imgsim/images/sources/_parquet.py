"""Rows of Parquet files by place: file, row group, row. What was read last is kept for the next row beside it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from imgsim.errors import InputError, UnreadableImageError
from imgsim.images.sources._places import filesystem, look_again, stamp_of

KEPT = 6  # row groups in memory


class ParquetFiles:
    """Parquet files below one folder or at one path, on this machine or wherever fsspec reaches; threads may share it.

    Args:
        place: path or URL of a folder or a file.

    Raises:
        InputError: the package for such URLs is missing.
    """

    def __init__(self, place: str) -> None:
        look_again(place)
        self.fs, self.root = filesystem(place)
        self._groups: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Paths of the files relative to the folder, sorted; "" for one file."""
        if self.fs.isfile(self.root):
            return [""]
        found = (path[len(self.root) :].lstrip("/") for path in self.fs.glob(f"{self.root}/*.parquet"))
        return sorted(name for name in found if not name.startswith("."))

    def groups(self, name: str, columns: Sequence[str]) -> Iterator[Any]:
        """The row groups of one file, one after the other, as pyarrow tables of these columns."""
        import pyarrow.parquet as pq

        with self.fs.open(self.path(name), "rb") as file:
            opened = pq.ParquetFile(file)
            for group in range(opened.num_row_groups):
                yield opened.read_row_group(group, columns=list(columns))

    def schema(self, name: str) -> Any:
        """The Arrow schema of one file.

        Raises:
            InputError: it is no Parquet file.
        """
        import pyarrow
        import pyarrow.parquet as pq

        try:
            with self.fs.open(self.path(name), "rb") as file:
                return pq.ParquetFile(file).schema_arrow
        except (pyarrow.ArrowException, OSError, ValueError):
            raise InputError(
                f"{name or self.root} must be a Parquet table, got a file that is none; write it again."
            ) from None

    def row(self, name: str, group: int, row: int, columns: Sequence[str]) -> dict[str, Any]:
        """One row.

        Raises:
            UnreadableImageError: the file has gone or changed.
        """
        import pyarrow
        import pyarrow.parquet as pq

        key = (name, group, *columns)
        with self._lock:
            table = self._groups.pop(key, None)
            if table is None:
                try:
                    with self.fs.open(self.path(name), "rb") as file:
                        table = pq.ParquetFile(file).read_row_group(group, columns=list(columns))
                except (pyarrow.ArrowException, OSError, ValueError):
                    raise UnreadableImageError("its Parquet file is gone or damaged.") from None
            self._groups[key] = table
            while len(self._groups) > KEPT:
                self._groups.popitem(last=False)
        if row >= len(table):
            raise UnreadableImageError("its Parquet file has changed and holds it no more.")
        return dict(table.slice(row, 1).to_pylist()[0])

    def path(self, name: str) -> str:
        """The full path of a file."""
        return f"{self.root}/{name}" if name else self.root

    def stamps(self) -> list[tuple[str, str]]:
        """(name, text that changes with its contents) of each file."""
        return [(name, stamp_of(self.fs.info(self.path(name)))) for name in self.names()]
