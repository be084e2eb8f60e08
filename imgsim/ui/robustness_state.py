"""What the robustness page shows, as short strings in the URL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from imgsim.errors import InputError
from imgsim.images.transformations import TRANSFORMATIONS, transformation
from imgsim.methods import METHODS
from imgsim.projections import PROJECTORS
from imgsim.ui import state
from imgsim.ui.address import Address
from imgsim.ui.compare_state import CompareView, join

MOST = 6
FIRST = "color_histogram;hog;imgsim_mini"


@dataclass(frozen=True)
class RobustView:
    """One picture of one collection under one transformation; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        methods: 1 to 6 method specs, joined by `;`.
        by: spec of the projector of the maps.
        image: id of the picture, "" for the first.
        kind: id of the transformation.
        strength: in its unit, as text.
    """

    collection: str = "builtin:photos"
    methods: str = FIRST
    by: str = "tsne"
    image: str = ""
    kind: str = "rotation"
    strength: str = "30"

    lasting: ClassVar = ("methods", "by", "kind", "strength")

    @classmethod
    def first(cls) -> RobustView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def specs(self) -> list[str]:
        """The methods."""
        return self.methods.split(";")

    def maps(self) -> CompareView:
        """The maps of the methods, side by side, as the compare page asks for them."""
        return CompareView(collection=self.collection, panels=join([(spec, self.by) for spec in self.specs()]))

    def at(self) -> float:
        """The strength, held to what the transformation allows."""
        one = TRANSFORMATIONS[self.kind]
        return min(max(float(self.strength), one.low), one.high)


def _read_methods(text: str) -> str:
    specs = [part for part in text.split(";") if part]
    if not 1 <= len(specs) <= MOST:
        raise InputError(f"methods must be 1 to {MOST}, got {len(specs)}; choose them on the left.")
    return ";".join(dict.fromkeys(state.canonical(METHODS, spec) for spec in specs))


def _read_strength(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e6:
        raise InputError(f"strength must be a number, got {text[:20]!r}; move the slider.")
    return f"{value:g}"


_READERS: dict[str, Any] = {
    "methods": _read_methods,
    "by": lambda text: state.canonical(PROJECTORS, text),
    "kind": lambda text: transformation(text).id,
    "strength": _read_strength,
}

ADDRESS = Address("robustness", RobustView, _READERS, always=("collection", "methods"), first=RobustView.first)


def update(**changes: Any) -> None:
    """Change the view; another collection drops the picture, another transformation starts in the middle of its way."""
    view = ADDRESS.read()[0]
    if changes.get("collection", view.collection) != view.collection:
        changes = {"image": "", **changes}
    if changes.get("kind", view.kind) != view.kind:
        levels = TRANSFORMATIONS[changes["kind"]].levels
        changes = {"strength": f"{levels[len(levels) // 2]:g}", **changes}
    ADDRESS.update(**changes)
