"""What a person takes home: the selected images as a table, the map as one HTML file."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.exports import map_html
from imgsim.pipeline import MapResult, Pipeline

Rows = npt.NDArray[np.int64]


def table(result: MapResult, rows: Rows, tags: Mapping[str, Sequence[str]]) -> Any:
    """A pyarrow table of the rows: id, fields, place on the map, tags (joined by ;)."""
    import pyarrow

    collection, xy = result.collection, np.asarray(result.projection.xy)
    ids = [collection.ids[row] for row in rows]
    columns: dict[str, Any] = {"id": ids}
    columns |= {name: values[rows] for name, values in collection.fields.items() if name != "id"}
    columns |= {f"map_{axis}": xy[rows, i] for i, axis in enumerate("xyz"[: xy.shape[1]])}
    of_id: dict[str, list[str]] = {id: [] for id in ids}
    for tag, tagged in tags.items():
        for id in of_id.keys() & set(tagged):
            of_id[id].append(tag)
    return pyarrow.table({**columns, "tags": ["; ".join(of_id[id]) for id in ids]})


def csv(result: MapResult, rows: Rows, tags: Mapping[str, Sequence[str]]) -> bytes:
    """The table as CSV, UTF-8. A text that a spreadsheet would run as a formula gets a leading apostrophe."""
    import pyarrow
    from pyarrow.csv import write_csv

    found = table(result, rows, tags)
    for at, name in enumerate(found.column_names):
        if pyarrow.types.is_string(found.schema.field(name).type):
            found = found.set_column(at, name, [[_harmless(text) for text in found[name].to_pylist()]])
    buffer = io.BytesIO()
    write_csv(found, buffer)
    return buffer.getvalue()


def parquet(result: MapResult, rows: Rows, tags: Mapping[str, Sequence[str]]) -> bytes:
    """The table as Parquet."""
    from pyarrow.parquet import write_table

    buffer = io.BytesIO()
    write_table(table(result, rows, tags), buffer)
    return buffer.getvalue()


def html(result: MapResult, pipeline: Pipeline) -> bytes:
    """The map as one interactive HTML file that opens offline."""
    return map_html(pipeline, result).encode()


def file_name(result: MapResult, ending: str) -> str:
    """Such as `photos-hog-umap.csv`."""
    parts = (result.collection.name, result.embeddings.method, result.projection.projector)
    return re.sub(r"[^\w]+", "-", "-".join(parts)).strip("-").lower() + ending


def _harmless(text: str | None) -> str | None:
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text
