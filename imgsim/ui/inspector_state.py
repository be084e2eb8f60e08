"""What the page What a method sees shows, as short strings in the URL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.ui import state
from imgsim.ui.address import Address

MOST_STEPS = 40


@dataclass(frozen=True)
class InspectorView:
    """One step of one picture through one method; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        method: spec.
        image: id, or reference of an uploaded picture; "" for the first.
        step: number of the step from 1, as text.
    """

    collection: str = "builtin:photos"
    method: str = "hog"
    image: str = ""
    step: str = "1"

    lasting: ClassVar = ("method",)

    @classmethod
    def first(cls) -> InspectorView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)


def update(**changes: Any) -> None:
    """Change the view; another method or picture begins at the first step, another collection at its first picture."""
    view = ADDRESS.read()[0]
    if changes.get("collection", view.collection) != view.collection:
        changes = {"image": "", "step": "1", **changes}
    elif "method" in changes:
        changes = {"step": "1", **changes}
    ADDRESS.update(**changes)


def _read_step(text: str) -> str:
    if not (text.isdecimal() and 1 <= int(text) <= MOST_STEPS):
        raise InputError(f"step must be a whole number from 1 to {MOST_STEPS}, got {text[:20]!r}; taking the first.")
    return text


ADDRESS = Address(
    "inspector",
    InspectorView,
    {"method": lambda text: state.canonical(METHODS, text), "step": _read_step},
    always=("collection", "method"),
    first=InspectorView.first,
)
