"""What the products page shows, as short strings in the URL."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import METHODS
from imgsim.recommendation import DEFAULTS, SCOPES, Scope, Wish
from imgsim.types import Collection
from imgsim.ui import state
from imgsim.ui.address import Address

MOST_METHODS, MOST_WEIGHT, MOST_CATEGORIES = 4, 10, 60
HOW_MANY = (4, 48)


@dataclass(frozen=True)
class ProductsView:
    """One item and what is asked for beside it; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        item: id, "" for the first.
        methods: 1 to 4 method specs, joined by `;`.
        weights: 0 to 10 for each, joined by `;`.
        diversity: 0 to 100.
        scope: any, same or other category.
        category: field of the category, "" for the first that may be one.
        likes, dislikes: ids as a JSON list, "" for none.
        k: how many.
        find: words that the items to pick from must have.
    """

    collection: str = "builtin:products"
    item: str = ""
    methods: str = ";".join(DEFAULTS)
    weights: str = ";".join("5" for _ in DEFAULTS)
    diversity: int = 30
    scope: str = "any"
    category: str = ""
    likes: str = ""
    dislikes: str = ""
    k: int = 12
    find: str = ""

    lasting: ClassVar = ("methods", "weights", "diversity", "scope", "k")

    @classmethod
    def first(cls) -> ProductsView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def specs(self) -> list[str]:
        """The methods."""
        return self.methods.split(";")

    def counts(self) -> tuple[int, ...]:
        """The weight of each method; 5 where the address has none for it."""
        given = [int(part) for part in self.weights.split(";")]
        return tuple((given + [5] * MOST_METHODS)[: len(self.specs())])

    def ids(self, which: str) -> list[str]:
        """`likes` or `dislikes`."""
        return list(json.loads(getattr(self, which) or "[]"))

    def wish(self, collection: Collection) -> Wish:
        """What is asked of the collection; ids that it does not have are left out."""
        likes, dislikes = (
            tuple(collection.rows[id] for id in self.ids(which) if id in collection.rows)
            for which in ("likes", "dislikes")
        )
        field = category_of(self, collection)
        scope: Scope = next((one for one in SCOPES if one == self.scope), "any") if field else "any"
        row = collection.rows.get(self.item, 0)
        return Wish(row, self.counts(), likes, dislikes, scope, field, self.diversity / 100, self.k)


@lru_cache(maxsize=8)  # counting the values of 100,000 images takes longer than the rest of a click
def categories(collection: Collection) -> tuple[str, ...]:
    """Text fields that may be a category: of 2 to 60 values."""
    return tuple(
        name
        for name, values in collection.fields.items()
        if values.dtype.kind != "f" and 2 <= len(np.unique(values)) <= MOST_CATEGORIES
    )


def category_of(view: ProductsView, collection: Collection) -> str:
    """The field of the category, "" where there is none."""
    known = categories(collection)
    return view.category if view.category in known else next(iter(known), "")


def update(**changes: Any) -> None:
    """Change the view; another collection drops what was picked in it."""
    if changes.get("collection") not in (None, ADDRESS.read()[0].collection):
        changes = {"item": "", "likes": "", "dislikes": "", "category": "", "find": "", **changes}
    ADDRESS.update(**changes)


def with_id(view: ProductsView, which: str, id: str) -> dict[str, str]:
    """The changes that put an id among the `likes` or `dislikes`, and out of the others."""
    other = "dislikes" if which == "likes" else "likes"
    return {which: _packed([*(one for one in view.ids(which) if one != id), id]), **without_id(view, other, id)}


def without_id(view: ProductsView, which: str, id: str) -> dict[str, str]:
    """The changes that take an id out."""
    return {which: _packed([one for one in view.ids(which) if one != id])}


def _packed(ids: list[str]) -> str:
    return json.dumps(ids, ensure_ascii=False, separators=(",", ":")) if ids else ""


def _read_methods(text: str) -> str:
    specs = [part for part in text.split(";") if part]
    if not 1 <= len(specs) <= MOST_METHODS:
        raise InputError(f"methods must be 1 to {MOST_METHODS}, got {len(specs)}; choose them on the left.")
    return ";".join(dict.fromkeys(state.canonical(METHODS, spec) for spec in specs))


def _read_weights(text: str) -> str:
    parts = text.split(";")
    if not all(part.isascii() and part.isdigit() and int(part[:4]) <= MOST_WEIGHT for part in parts):
        raise InputError(f"weights must be 0 to {MOST_WEIGHT}, joined by ;, got {text[:20]!r}; move the sliders.")
    return text


def _read_ids(text: str) -> str:
    try:
        ids = json.loads(text or "[]")
    except ValueError:
        ids = None
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise InputError(f"likes must be a list of ids, got {text[:20]!r}; click the pictures again.")
    return _packed(ids)


def _whole(name: str, low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
            raise InputError(f"{name} must be {low} to {high}, got {text[:20]!r}; move the slider.")
        return int(text)

    return read


def _read_scope(text: str) -> str:
    if text not in SCOPES:
        raise UnknownIdError("scope", text, SCOPES)
    return text


_READERS: dict[str, Any] = {
    "methods": _read_methods,
    "weights": _read_weights,
    "diversity": _whole("diversity", 0, 100),
    "scope": _read_scope,
    "likes": _read_ids,
    "dislikes": _read_ids,
    "k": _whole("k", *HOW_MANY),
}

ADDRESS = Address("products", ProductsView, _READERS, first=ProductsView.first)
