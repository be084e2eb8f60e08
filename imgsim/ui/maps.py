"""Maps and collections for the pages: opened once and kept by content, so that a click reads nothing again."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.pipeline import MapRequest, MapResult, Pipeline
from imgsim.types import Collection

KEPT = 8
Rows = npt.NDArray[np.int64]

_shown: OrderedDict[tuple[str, MapRequest], MapResult] = OrderedDict()


def pipeline() -> Pipeline:
    """The pipeline on this person's workspace."""
    return _pipeline(os.environ.get("IMGSIM_HOME", ""))


def find(arguments: dict[str, Any]) -> MapResult | None:
    """The map of a request if the store has it; looks at the source anew.

    Raises:
        InputError: the request names something that does not exist.
    """
    request = MapRequest(**arguments)
    place = (os.environ.get("IMGSIM_HOME", ""), request)
    _shown.pop(place, None)
    result = pipeline().cached_map(request)
    if result is not None:
        _shown[place] = result
        while len(_shown) > KEPT:
            _shown.popitem(last=False)
    return result


def shown(arguments: dict[str, Any]) -> MapResult | None:
    """The same as the page has found it last, without looking again: for the answer to a click."""
    place = (os.environ.get("IMGSIM_HOME", ""), MapRequest(**arguments))
    return _shown.get(place) or find(arguments)


def collection(arguments: dict[str, Any]) -> Collection | None:
    """The collection of a request if the store has it; that of the map on show without looking again.

    Raises:
        InputError: there is no such source.
    """
    result = _shown.get((os.environ.get("IMGSIM_HOME", ""), MapRequest(**arguments)))
    if result is not None:
        return result.collection
    key = pipeline().collection_key(arguments["source"])
    return pipeline().load_collection(key) if key else None


def lost_on_map(result: MapResult, row: int, k: int) -> list[int]:
    """Rows among the k nearest in the space that are not among the k nearest on the map, nearest first."""
    xy = np.asarray(result.projection.xy)
    away = np.linalg.norm(xy - xy[row], axis=1)
    away[row] = np.inf
    k = min(k, len(xy) - 1)
    near = set(np.argpartition(away, k - 1)[:k].tolist()) if k else set()
    return [int(r) for r in result.neighbors.indices[row, :k] if int(r) not in near]


@lru_cache(maxsize=16)
def find_rows(key: str, collection: Collection, text: str) -> Rows:
    """Rows in whose id and text fields all the words occur, whatever their case; `key` is the scan's."""
    words = text.lower().split()
    haystack = _haystack(key, collection)
    rows = np.array([row for row, hay in enumerate(haystack) if all(word in hay for word in words)], dtype=np.int64)
    rows.flags.writeable = False  # kept
    return rows


@lru_cache(maxsize=1)
def _pipeline(home: str) -> Pipeline:  # noqa: ARG001  the workspace reads the variable itself
    return Pipeline()


_hay: OrderedDict[str, list[str]] = OrderedDict()


def _haystack(key: str, collection: Collection) -> list[str]:
    if key not in _hay:
        columns = [values.astype(str) for values in collection.fields.values() if values.dtype.kind != "f"]
        _hay[key] = [" ".join(parts).lower() for parts in zip(collection.ids, *columns, strict=True)]
        while len(_hay) > 4:
            _hay.popitem(last=False)
    return _hay[key]
