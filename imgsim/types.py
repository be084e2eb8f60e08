"""The values that travel from stage to stage: N images, D dimensions, k neighbours.

Each is checked where it is made, so that a stage can trust what it is handed. Arrays are read-only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError, UnknownIdError

Float = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Image = npt.NDArray[np.uint8]  # (H, W, 3) RGB
Field = npt.NDArray[Any]  # (N,) of str, or of float64 with NaN for missing

Metric = Literal["cosine", "euclidean", "manhattan", "hamming", "hellinger", "intersection", "chi_square"]


def key_of(kind: str, **content: Any) -> str:
    """The content key of a result: sha256 of canonical JSON, as 64 hexadecimal digits."""
    text = json.dumps({"kind": kind, **content}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Unreadable:
    """A file that is not in the collection, and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Collection:
    """N readable images of one source, in a stable order.

    Attributes:
        name: what a person calls it.
        source: the SOURCE it was opened from, such as `builtin:photos` or a folder.
        ids: (N,) unique strings, stable while the file stays where it is (never row numbers).
        hashes: (N,) sha256 of each image's contents, hexadecimal.
        locations: (N,) where `imgsim.images` finds each image again.
        fields: labels and metadata by name, each (N,): text, or float64 with NaN for missing.
        unreadable: the files that were left out, each with its reason.
    """

    name: str
    source: str
    ids: tuple[str, ...]
    hashes: tuple[str, ...]
    locations: tuple[str, ...]
    fields: Mapping[str, Field]
    unreadable: tuple[Unreadable, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.ids)) != len(self.ids):
            raise InputError("ids must be unique, got a repeated one; give each image its own path.")
        lengths = {len(self.hashes), len(self.locations), *(len(f) for f in self.fields.values())}
        if lengths - {len(self.ids)}:
            raise InputError(f"hashes, locations and fields must have {len(self.ids)} rows, got {sorted(lengths)}.")
        for values in self.fields.values():
            values.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the ids and contents in order; dates, places and labels do not count."""
        return key_of("collection", ids=self.ids, hashes=self.hashes)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Row by id."""
        return {id: row for row, id in enumerate(self.ids)}

    def row(self, id: str) -> int:
        """The row of an id.

        Raises:
            UnknownIdError: no image of that id.
        """
        if id not in self.rows:
            raise UnknownIdError("image id", id, self.ids)
        return self.rows[id]

    def field(self, name: str) -> Field:
        """A field's values.

        Raises:
            UnknownIdError: no field of that name.
        """
        if name not in self.fields:
            raise UnknownIdError("field", name, self.fields)
        return self.fields[name]

    def record(self, row: int) -> dict[str, str | float]:
        """The fields of one image."""
        return {
            name: values[row].item() if values.dtype.kind == "f" else str(values[row])
            for name, values in self.fields.items()
        }


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One vector an image: vectors (N, D) float32, finite, C-contiguous, read-only.

    Attributes:
        key: content key, chained to the collection's fingerprint.
        ids: (N,) image ids.
        metric: the distance that belongs to the method.
        method: method id.
        params: its parameters.
    """

    key: str
    ids: tuple[str, ...]
    vectors: Float
    metric: Metric
    method: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        _check("vectors", self.vectors, np.float32, 2)
        if len(self.vectors) != len(self.ids):
            raise InputError(f"vectors must have {len(self.ids)} rows, one an id, got {len(self.vectors)}.")
        if not np.isfinite(self.vectors).all():
            raise InputError(f"vectors of {self.method} must be finite, got NaN or infinity.")

    @property
    def dim(self) -> int:
        """D."""
        return int(self.vectors.shape[1])


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The k nearest of every image: self excluded, distances ascending, ties by row.

    Attributes:
        key: content key.
        indices: (N, k) int32 rows.
        distances: (N, k) float32, smaller is closer, in the metric's unit.
        metric: the distance they were found by.
        exact: False where an approximate index may have missed some.
        recall: the share of the exact 15 nearest that it holds, measured on a sample; 1 where exact.
    """

    key: str
    indices: Ints
    distances: Float
    metric: Metric
    exact: bool = True
    recall: float = 1.0

    def __post_init__(self) -> None:
        _check("indices", self.indices, np.int32, 2)
        _check("distances", self.distances, np.float32, 2)
        if self.indices.shape != self.distances.shape:
            raise InputError(f"indices and distances must agree, got {self.indices.shape}, {self.distances.shape}.")

    @property
    def k(self) -> int:
        """Neighbours per image."""
        return int(self.indices.shape[1])


@dataclass(frozen=True, eq=False)
class Projection:
    """A map: xy (N, 2) or (N, 3) float32, no unit; distances between islands mean nothing.

    Attributes:
        key: content key, chained to the embeddings.
        projector: projector id.
        params: its parameters.
    """

    key: str
    xy: Float
    projector: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        _check("xy", self.xy, np.float32, 2)
        if self.xy.shape[1] not in (2, 3):
            raise InputError(f"xy must have 2 or 3 columns, got {self.xy.shape[1]}.")


@dataclass(frozen=True)
class Match:
    """One answer of a search: score is the similarity (larger is closer), rank starts at 1."""

    id: str
    score: float
    distance: float
    rank: int
    fields: Mapping[str, str | float] = dataclasses.field(default_factory=dict)


def _check(name: str, array: npt.NDArray[Any], dtype: type, ndim: int) -> None:
    if array.dtype != dtype or array.ndim != ndim or not array.flags.c_contiguous:
        raise InputError(
            f"{name} must be a C-contiguous {ndim}-d {np.dtype(dtype)} array, got {array.ndim}-d {array.dtype}."
        )
    array.flags.writeable = False
