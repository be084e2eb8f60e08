"""The manifest of a scan: one JSON file from which the collection is read back without looking at an image."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from imgsim.types import Collection, Field, Unreadable

VERSION = 1  # raise it when decoding or the manifest changes: older scans are then not built upon
_FILE = "manifest.json"
_WIDE_BYTES = 64 << 20


@dataclass
class Manifest:
    """Everything a scan found out, column by column; `stamps` tell which files need not be read again."""

    name: str
    source: str
    ids: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    fields: dict[str, Sequence[str] | Sequence[float]] = field(default_factory=dict)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)  # location -> (stamp, reason), decoding failed
    version: int = VERSION

    def write(self, directory: Path) -> None:
        """Write it into a directory."""
        text = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))
        (directory / _FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """The manifest in a directory."""
        return cls(**json.loads((directory / _FILE).read_text(encoding="utf-8")))

    def collection(self) -> Collection:
        """The collection it describes."""
        return Collection(
            name=self.name,
            source=self.source,
            ids=tuple(self.ids),
            hashes=tuple(self.hashes),
            locations=tuple(self.locations),
            fields=_arrays(self.fields),
            unreadable=tuple(Unreadable(path, reason) for path, reason in self.unreadable),
        )


def _arrays(fields: Mapping[str, Sequence[str] | Sequence[float]]) -> dict[str, Field]:
    return {name: _array(values) for name, values in fields.items()}


def _array(values: Sequence[str] | Sequence[float]) -> Field:
    if len(values) and not isinstance(values[0], str):
        return np.array(values, np.float64)
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    # One long text would widen every row of a fixed-width array.
    return np.array(values, object if 4 * longest * len(values) > _WIDE_BYTES else np.str_)
