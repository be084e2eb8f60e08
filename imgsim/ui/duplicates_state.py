"""What the duplicates page shows, as short strings in the URL."""

from __future__ import annotations

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
    """One collection and the thresholds; the field names are the names in the URL."""

    collection: str = "builtin:photos"
    bits: int = Thresholds().bits
    points: int = Thresholds().points

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


ADDRESS = Address(
    "duplicates",
    DuplicatesView,
    {"bits": _within("bits", *BITS), "points": _within("points", *POINTS)},
    first=DuplicatesView.first,
)
