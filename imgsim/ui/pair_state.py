"""What the pair page shows, as short strings in the URL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from imgsim import pairs, uploads
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.pair_scores import PAIR_SCORES
from imgsim.parameters import parse_spec
from imgsim.types import Collection
from imgsim.ui import state
from imgsim.ui.address import Address

MOST = 16
FIRST = "pixels;color_histogram;lbp;hog;phash;imgsim_mini;conse;ssim;sift_verified"
FIRST_WHY = "sift_verified"
SIDES = ("a", "b")
FAR_ENOUGH = 5  # the example is the sixth edit of its photo: turned, so that most methods disagree


@dataclass(frozen=True)
class PairView:
    """Two images; the field names are the names in the URL.

    Attributes:
        collection: SOURCE, whose random pairs are compared with.
        a: id of the first image or the reference of an uploaded one, "" for the first of the collection.
        b: the second; "" for one of the same label.
        methods: specs of methods and pair scores, joined by `;`.
        why: the one whose evidence is shown.
        label: field whose pairs of one value are compared with; "" for the first that has some.
    """

    collection: str = "builtin:photos"
    a: str = ""
    b: str = ""
    methods: str = FIRST
    why: str = FIRST_WHY
    label: str = ""

    lasting: ClassVar = ("methods", "why")

    @classmethod
    def first(cls) -> PairView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def specs(self) -> list[str]:
        """The methods, that of the evidence among them."""
        listed = self.methods.split(";")
        return listed if self.why in listed else [*listed, self.why]


def canonical(spec: str) -> str:
    """The spec of a method or pair score without the parameters that have their default value.

    Raises:
        InputError: the id, a parameter or a value is not known.
    """
    return state.canonical(PAIR_SCORES if parse_spec(spec)[0] in PAIR_SCORES else METHODS, spec)


def title_of(spec: str) -> str:
    """What people call it, with what was changed of its parameters."""
    changed = spec.partition(":")[2].partition("+")[0]
    return pairs.subject_of(spec).title + (f" ({changed})" if changed else "")


def images_of(view: PairView, collection: Collection) -> tuple[str, str]:
    """The references of both images; what the view leaves open is an example of the collection."""
    first = view.a if _known(view.a, collection) else collection.ids[0]
    second = view.b if _known(view.b, collection) else _partner(first, view, collection)
    return first, second


def label_of(view: PairView, collection: Collection) -> str:
    """The field whose pairs are compared with."""
    return view.label if view.label in collection.fields else pairs.label_field(collection)


def update(**changes: Any) -> None:
    """Change the view; another collection drops the images that were picked in it."""
    view = ADDRESS.read()[0]
    if changes.get("collection", view.collection) != view.collection:
        brought = {side: "" for side in SIDES if not uploads.is_upload(getattr(view, side))}
        changes = {**brought, "label": "", **changes}
    ADDRESS.update(**changes)


def params(collection: str, a: str, b: str, why: str = "") -> Mapping[str, str]:
    """The URL parameters that explain two images of a collection by one method."""
    return ADDRESS.params(PairView(collection=collection, a=a, b=b, why=why or FIRST_WHY))


def _known(reference: str, collection: Collection) -> bool:
    return reference in collection.rows or uploads.is_kept(reference)


def _partner(first: str, view: PairView, collection: Collection) -> str:
    """Another image of the same label, else the next one; the image itself where there is no other."""
    row, label = collection.rows.get(first, -1), label_of(view, collection)
    if row >= 0 and label:
        kin = np.flatnonzero(collection.field(label) == collection.field(label)[row])
        others = kin[kin != row]
        if len(others):
            return collection.ids[int(others[min(FAR_ENOUGH - 1, len(others) - 1)])]
    return collection.ids[(row + 1) % len(collection)]


def _read_methods(text: str) -> str:
    specs = [part for part in text.split(";") if part]
    if not 1 <= len(specs) <= MOST:
        raise InputError(f"methods must be 1 to {MOST}, got {len(specs)}; choose them on the left.")
    return ";".join(dict.fromkeys(canonical(spec) for spec in specs))


ADDRESS = Address("pair", PairView, {"methods": _read_methods, "why": canonical}, first=PairView.first)
