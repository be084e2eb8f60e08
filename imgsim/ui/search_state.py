"""What the search page shows, as short strings in the URL."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import streamlit as st

from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import DEFAULT, METHODS
from imgsim.neighbors.fusion import FUSIONS
from imgsim.projections import PROJECTORS
from imgsim.queries import STANDARD, Weights, parse_region
from imgsim.queries.where import split
from imgsim.ui import state
from imgsim.ui.address import Address

PAGE = Path(__file__).resolve().parents[2] / "pages" / "search.py"
MOST_METHODS = 6
MOST_VOTES = 30  # likes, and as many dislikes
MOST_WORDS = 300  # characters
LIKE, DISLIKE = "like", "dislike"


@dataclass(frozen=True)
class SearchView:
    """One search; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        methods: specs joined by `;`; several are fused.
        fuse: how, one of `FUSIONS`.
        image: id, or reference of an uploaded picture; "" for none.
        region: `x,y,width,height` of it in shares of its sides; "" for all of it.
        text: words; they are the query where there are some.
        likes, dislikes: ids as a JSON list; "" for none.
        weights: of query, likes and dislikes, joined by `,`.
        where: conditions such as `label=cat` as a JSON list; "" for none.
        map: spec of the projector.
    """

    collection: str = "builtin:photos"
    methods: str = DEFAULT
    fuse: str = "rrf"
    image: str = ""
    region: str = ""
    text: str = ""
    likes: str = ""
    dislikes: str = ""
    weights: str = ""
    where: str = ""
    map: str = "tsne"

    lasting: ClassVar = ("methods", "fuse", "text", "weights", "map")

    @classmethod
    def first(cls) -> SearchView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def specs(self) -> list[str]:
        """The methods."""
        return self.methods.split(";")

    def votes(self) -> dict[str, str]:
        """By id `like` or `dislike`."""
        liked, disliked = (json.loads(ids or "[]") for ids in (self.likes, self.dislikes))
        return dict.fromkeys(liked, LIKE) | dict.fromkeys(disliked, DISLIKE)

    def conditions(self) -> list[str]:
        """The filters."""
        return list(json.loads(self.where or "[]"))

    def counts(self) -> Weights:
        """How much query, likes and dislikes count."""
        return Weights(*map(float, self.weights.split(","))) if self.weights else STANDARD

    def request(self) -> dict[str, Any]:
        """The arguments of the `MapRequest` for the first method."""
        return {"source": self.collection, "method": self.specs()[0], "projector": self.map}

    @property
    def asks(self) -> bool:
        """Whether there is anything to search with."""
        return bool(self.image or self.text or self.likes)


def update(**changes: Any) -> None:
    """Change the view; another picture drops the region, another collection what was picked in the last one."""
    view = ADDRESS.read()[0]
    if changes.get("collection", view.collection) != view.collection:
        changes = {"image": "", "region": "", "likes": "", "dislikes": "", "where": "", **changes}
    if "image" in changes:
        changes = {"region": "", "text": "", **changes}
    ADDRESS.write(dataclasses.replace(view, **changes))


def vote(id: str, kind: str) -> None:
    """Like or dislike an image; the same again takes it back."""
    votes = ADDRESS.read()[0].votes()
    before = votes.pop(id, "")
    if before != kind:
        votes[id] = kind
    update(**{f"{one}s": _listed([id for id, k in votes.items() if k == one][-MOST_VOTES:]) for one in (LIKE, DISLIKE)})


def filter_by(conditions: list[str]) -> None:
    """Keep only what satisfies the conditions."""
    update(where=_listed(conditions))


def params(collection: str, image: str, method: str = "") -> Mapping[str, str]:
    """The URL parameters that search a collection from one of its images, by a method."""
    return ADDRESS.params(SearchView(collection=collection, image=image, methods=method or DEFAULT))


def go(collection: str, image: str, method: str = "") -> None:
    """Leave for the search page, to search from an image."""
    st.switch_page(PAGE, query_params=dict(params(collection, image, method)))


def _listed(values: list[str]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""


def _read_methods(text: str) -> str:
    specs = [part for part in text.split(";") if part]
    if not 1 <= len(specs) <= MOST_METHODS:
        raise InputError(f"methods must be 1 to {MOST_METHODS}, got {len(specs)}; choose them on the left.")
    return ";".join(dict.fromkeys(state.canonical(METHODS, spec) for spec in specs))


def _read_list(text: str) -> str:
    try:
        values = json.loads(text or "[]")
    except ValueError:
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InputError(f'a list must be JSON such as ["a"], got {text[:40]!r}; choose again on the page.')
    return _listed(list(dict.fromkeys(values))[:MOST_VOTES])


def _read_where(text: str) -> str:
    listed = _read_list(text)
    for condition in json.loads(listed or "[]"):
        split(condition)
    return listed


def _read_fuse(text: str) -> str:
    if text not in FUSIONS:
        raise UnknownIdError("fusion", text, FUSIONS)
    return text


def _read_weights(text: str) -> str:
    try:
        query, likes, dislikes = (float(part) for part in (text or "1,1,1").split(","))
    except ValueError:
        raise InputError(f"weights must be three numbers, got {text[:40]!r}; such as 1,0.75,0.15.") from None
    Weights(query, likes, dislikes)
    return text


ADDRESS = Address(
    "search",
    SearchView,
    {
        "methods": _read_methods,
        "fuse": _read_fuse,
        "region": lambda text: parse_region(text).text if text else "",
        "text": lambda text: text[:MOST_WORDS],
        "likes": _read_list,
        "dislikes": _read_list,
        "weights": _read_weights,
        "where": _read_where,
        "map": lambda text: state.canonical(PROJECTORS, text),
    },
    first=SearchView.first,
)
