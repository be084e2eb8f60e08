"""What the compare page shows, as short strings in the URL."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.projections import PROJECTORS
from imgsim.ui import state
from imgsim.ui.address import Address

FEWEST, MOST = 2, 6
FIRST = "color_histogram|tsne;hog|tsne;imgsim_mini|tsne"
FIND, DISAGREE, AGREE, SCORES = "find", "disagree", "agree", "scores"
HONEST, STABLE, MORPH = "honest", "stable", "morph"
QUESTIONS = {
    FIND: "What does each method find?",
    DISAGREE: "Which images do they disagree on?",
    AGREE: "How much do they agree?",
    SCORES: "Which method serves a label best?",
    HONEST: "Where does a map mislead?",
    STABLE: "What of a map stands?",
    MORPH: "What moves between two maps?",
}


@dataclass(frozen=True)
class CompareView:
    """One comparison of one collection; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        panels: 2 to 6 maps as `METHOD|PROJECTOR`, joined by `;`.
        color: "" for the first field, `plain`, or `field:NAME`.
        image: id in focus, "" for none.
        lasso: strokes of the selection as JSON, "" for none.
        ask: the question below the maps, a key of `QUESTIONS`.
        pair: two panels by number, such as `0-1`; the second is the one that a question about one map is asked of.
        label: field that the scores are for, "" for the first.
    """

    collection: str = "builtin:photos"
    panels: str = FIRST
    color: str = ""
    image: str = ""
    lasso: str = ""
    ask: str = FIND
    pair: str = "0-1"
    label: str = ""

    lasting: ClassVar = ("panels", "ask")

    @classmethod
    def first(cls) -> CompareView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def specs(self) -> list[tuple[str, str]]:
        """Method and projector of each panel."""
        return _split(self.panels)

    def requests(self) -> list[dict[str, Any]]:
        """The arguments of the `MapRequest` behind each panel."""
        return [{"source": self.collection, "method": method, "projector": by} for method, by in self.specs()]

    def chosen_pair(self) -> tuple[int, int]:
        """The two panels in question, both of which exist."""
        first, second = (int(number) for number in self.pair.split("-"))
        return (first, second) if max(first, second) < len(self.specs()) else (0, 1)

    def strokes(self) -> list[dict[str, Any]]:
        """The lasso for `imgsim.ui.selection`."""
        return list(json.loads(self.lasso)) if self.lasso else []


def join(specs: Sequence[tuple[str, str]]) -> str:
    """Panels as one text."""
    return ";".join(f"{method}|{by}" for method, by in specs)


def update(**changes: Any) -> None:
    """Change the view; another collection drops what belonged to the last one, other panels drop the lasso."""
    view = ADDRESS.read()[0]
    if changes.get("collection", view.collection) != view.collection:
        changes = {"color": "", "image": "", "lasso": "", "label": "", **changes}
    elif "panels" in changes:
        changes = {"lasso": "", **changes}
    ADDRESS.update(**changes)


def _split(text: str) -> list[tuple[str, str]]:
    return [(method, by) for method, _, by in (part.partition("|") for part in text.split(";"))]


def _read_panels(text: str) -> str:
    specs = _split(text)
    if not FEWEST <= len(specs) <= MOST:
        raise InputError(f"panels must be {FEWEST} to {MOST} maps, got {len(specs)}; add or remove maps on the left.")
    return join([(state.canonical(METHODS, m), state.canonical(PROJECTORS, by or "tsne")) for m, by in specs])


def _read_pair(text: str) -> str:
    first, dash, second = text.partition("-")
    if not (dash and first in "012345" and second in "012345" and len(text) == 3 and first != second):
        raise InputError(f"pair must be two panels such as 0-1, got {text[:20]!r}; choose two on the page.")
    return text


def _read_ask(text: str) -> str:
    if text not in QUESTIONS:
        raise InputError(f"ask must be one of {', '.join(QUESTIONS)}, got {text[:20]!r}; choose a question below.")
    return text


_READERS: dict[str, Any] = {
    "panels": _read_panels,
    "lasso": state.ADDRESS.readers["lasso"],
    "pair": _read_pair,
    "ask": _read_ask,
}

ADDRESS = Address("compare", CompareView, _READERS, always=("collection", "panels"), first=CompareView.first)
