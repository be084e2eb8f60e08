"""A field of a collection as the map wants it: codes and labels, or numbers with their range."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.plots.wire import pack
from imgsim.types import Float

MOST_CODES = 1 << 16  # of the labels of a field; those beyond share the last


def column(values: npt.NDArray[Any]) -> bytes:
    """A field (N,), text or float with NaN for missing, as one message."""
    if values.dtype.kind == "f":
        return pack({"kind": "number", **value_range(values)}, {"values": finite(values)})
    labels, codes = categories(values)
    return pack({"kind": "category", "labels": labels}, {"codes": codes})


def points(xy: Float, rows: npt.NDArray[np.int64], total: int) -> bytes:
    """The points of some rows of a map (N, 2|3), of `total` that were asked for; `rows` is left out where it is all."""
    columns: dict[str, npt.NDArray[Any]] = {} if len(rows) == len(xy) else {"rows": rows.astype(np.int32)}
    columns |= {name: xy[rows, axis].astype(np.float32) for axis, name in enumerate("xyz"[: xy.shape[1]])}
    return pack({"n": len(xy), "total": total}, columns)


def categories(values: npt.NDArray[Any]) -> tuple[list[str], npt.NDArray[np.uint16]]:
    """The labels of a field (N,), the most frequent first, and the code of each image (N,) uint16.

    Labels beyond 65,535 share the last code, named "other".
    """
    names, codes, counts = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    labels = [str(names[i]) for i in order]
    most = MOST_CODES - 1
    if len(labels) > most:
        labels = [*labels[:most], "other"]
    return labels, np.minimum(rank[codes], most).astype(np.uint16)


def value_range(values: npt.NDArray[Any]) -> dict[str, float]:
    """The lowest and the highest known value."""
    known = values[np.isfinite(values)]
    return {"low": float(known.min()), "high": float(known.max())} if len(known) else {"low": 0.0, "high": 1.0}


def finite(values: npt.NDArray[Any]) -> Float:
    """The values as float32; NaN stays, drawn as unknown, and infinity becomes unknown too."""
    return np.where(np.isfinite(values), values, np.nan).astype(np.float32)
