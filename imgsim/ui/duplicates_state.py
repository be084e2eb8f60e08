"""What the duplicates page shows, as short strings in the URL."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from imgsim.duplicates import Thresholds
from imgsim.errors import InputError
from imgsim.ui.address import Address

BITS, POINTS = (0, 40), (8, 60)


@dataclass(frozen=True)
class DuplicatesView:
    """One collection and the thresholds; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        bits, points: the thresholds.
        copy, other: two ids as a JSON list, an example of copies and one of others; "" for a suggestion.
    """

    collection: str = "builtin:photos"
    bits: int = Thresholds().bits
    points: int = Thresholds().points
    copy: str = ""
    other: str = ""

    lasting: ClassVar = ("bits", "points")

    @classmethod
    def first(cls) -> DuplicatesView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    @property
    def thresholds(self) -> Thresholds:
        """For `decide`."""
        return Thresholds(self.bits, self.points)


def _within(name: str, low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
            raise InputError(f"{name} must be {low} to {high}, got {text[:20]!r}; move the slider.")
        return int(text)

    return read


def _read_pair(text: str) -> str:
    try:
        ids = json.loads(text or "[]")
    except ValueError:
        ids = None
    if not isinstance(ids, list) or len(ids) not in (0, 2) or not all(isinstance(one, str) for one in ids):
        raise InputError(f"a pair must be a list of two ids, got {text[:20]!r}; choose the pictures again.")
    return text if ids else ""


ADDRESS = Address(
    "duplicates",
    DuplicatesView,
    {
        "bits": _within("bits", *BITS),
        "points": _within("points", *POINTS),
        "copy": _read_pair,
        "other": _read_pair,
    },
    first=DuplicatesView.first,
)
