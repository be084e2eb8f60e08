"""Labels and metadata: from the parent folder, or from a `labels.csv` / `metadata.csv` beside the images."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imgsim.errors import InputError

LABEL_FILES = ("labels.csv", "metadata.csv")
PATH_COLUMNS = ("path", "file", "file_name")
# fmt: off
_COMPANIONS = (
    ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".xml", ".html",
    ".htm", ".log", ".py", ".ipynb", ".parquet",
)
# fmt: on
_COMPANION_NAMES = ("readme", "license", "licence", "copying", "thumbs.db", "desktop.ini", "makefile")
MAX_TABLE_BYTES = 512 << 20

Column = list[str] | list[float]


def is_companion(path: str) -> bool:
    """Whether a file is one that usually lies beside images: a table, a text, a system's own file; not an error."""
    name = path.rpartition("/")[2].lower()
    return name in _COMPANION_NAMES or any(name.endswith(ending) for ending in _COMPANIONS)


@dataclass(frozen=True)
class Labels:
    """A table beside images: for each row the path of its image and the texts of the other columns."""

    paths: tuple[str, ...]
    columns: dict[str, list[str]]

    @classmethod
    def parse(cls, data: bytes, folder: str, shown: str) -> Labels | None:
        """The table in a CSV file that lies in `folder`; None when it has no column that names files.

        Raises:
            InputError: it is no CSV.
        """
        columns = read_csv(data, shown)
        key = path_column(columns)
        if key is None:
            return None
        prefix = f"{folder}/" if folder else ""
        paths = tuple(prefix + path.replace("\\", "/").removeprefix("./") for path in columns.pop(key))
        return cls(paths, columns)


def with_labels(ids: Sequence[str], tables: Sequence[Labels], root: str = "") -> dict[str, Column]:
    """Fields of N images: `label` from the parent folder (below `root`), overlaid with the columns of tables."""
    fields: dict[str, list[str]] = {}
    parents = [id.removeprefix(root).rpartition("/")[0].rpartition("/")[2] for id in ids]
    if any(parents):
        fields["label"] = parents
    for table in tables:
        rows = _rows(table.paths, ids)
        for name, values in table.columns.items():
            column = fields.setdefault(name, [""] * len(ids))
            for row, value in zip(rows, values, strict=True):
                if row is not None and value != "":
                    column[row] = value
    return {name: typed(name, values) for name, values in fields.items() if any(values)}


def mask_rows(ids: Sequence[str], masks: Iterable[str | float]) -> frozenset[int]:
    """The rows of the images that others name as their masks: they are no images of the collection."""
    named = sorted({value.replace("\\", "/") for value in masks if isinstance(value, str) and value})
    return frozenset(row for row in _rows(named, ids) if row is not None)


def above(image: str, named: str) -> list[str]:
    """Where a file may lie that a table beside or above an image names, the nearest folder first."""
    parts = image.split("/")[:-1]
    name = named.replace("\\", "/").removeprefix("./")
    return ["/".join([*parts[:n], name]) for n in range(len(parts), -1, -1)]


def _rows(paths: Sequence[str], ids: Sequence[str]) -> list[int | None]:
    """For each path the row of its image: the same path, or the only one that ends with it."""
    exact = {id: row for row, id in enumerate(ids)}
    by_name: dict[str, list[int]] = {}
    for row, id in enumerate(ids):
        by_name.setdefault(id.rpartition("/")[2], []).append(row)

    def find(path: str) -> int | None:
        if path in exact:
            return exact[path]
        ending = [row for row in by_name.get(path.rpartition("/")[2], ()) if ids[row].endswith("/" + path)]
        return ending[0] if len(ending) == 1 else None

    return [find(path) for path in paths]


def path_column(columns: Iterable[str]) -> str | None:
    """The name of the column that holds file paths."""
    by_lower = {name.lower(): name for name in reversed(list(columns))}
    return next((by_lower[name] for name in PATH_COLUMNS if name in by_lower), None)


def read_csv(data: bytes, shown: str) -> dict[str, list[str]]:
    """Columns of texts of a CSV file with a header; comma, semicolon or tab.

    Raises:
        InputError: it is no such file.
    """
    if len(data) > MAX_TABLE_BYTES:
        raise InputError(f"{shown} must be smaller than {MAX_TABLE_BYTES >> 20} MiB, got {len(data) >> 20}; split it.")
    text = data.decode("utf-8-sig", errors="replace").replace("\0", "")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(f"{shown} must be a CSV table with a header, got {error}; save it as CSV again.") from None
    names = [name.strip() for name in rows[0]] if rows else []
    body = [row for row in rows[1:] if any(row)]
    return {name: [row[i].strip() if i < len(row) else "" for row in body] for i, name in enumerate(names) if name}


def typed(name: str, values: list[str]) -> Column:
    """Numbers as floats with NaN for missing; anything else, and every `label`, as text."""
    if name.lower() in ("label", "class") or not any(values):
        return values
    numbers = []
    for value in values:
        if len(value) > 1 and value[0] == "0" and value.isdigit():  # 007 is a name
            return values
        try:
            numbers.append(float(value) if value else math.nan)
        except ValueError:
            return values
    return numbers
