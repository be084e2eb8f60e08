"""What the few-labels page shows, as short strings in the URL."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, ClassVar

from imgsim.errors import InputError, UnknownIdError
from imgsim.labelling import CLASSIFIERS
from imgsim.labelling import DEFAULT as CLASSIFIER
from imgsim.labelling.asking import WAYS
from imgsim.methods import DEFAULT, METHODS
from imgsim.ui import state
from imgsim.ui.address import Address

MOST_CLASSES = 30


@dataclass(frozen=True)
class FewLabelsView:
    """One collection, one space, one classifier; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        method: method spec.
        classifier: classifier spec.
        classes: tags that are classes, as a JSON list; "" for all tags of the collection.
        giving: the class that a click gives, "" for the first.
        way: how the images to label next are chosen.
        truth: field with the true labels, "" for the first that may be one, "-" for none.
        find: words of the images to label; "" for those that are to be labelled next.
    """

    collection: str = "builtin:products"
    method: str = DEFAULT
    classifier: str = CLASSIFIER
    classes: str = ""
    giving: str = ""
    way: str = "uncertainty"
    truth: str = ""
    find: str = ""

    lasting: ClassVar = ("method", "classifier", "way")

    @classmethod
    def first(cls) -> FewLabelsView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def chosen(self) -> list[str]:
        """The classes that were chosen; [] for all tags."""
        return list(json.loads(self.classes or "[]"))


def pack(classes: list[str]) -> str:
    """Classes for the URL."""
    return json.dumps(list(dict.fromkeys(classes)), ensure_ascii=False, separators=(",", ":")) if classes else ""


def update(**changes: Any) -> None:
    """Change the view; another collection drops what belonged to the last one."""
    if changes.get("collection") not in (None, ADDRESS.read()[0].collection):
        changes = {"classes": "", "giving": "", "truth": "", "find": "", **changes}
    ADDRESS.update(**changes)


def _read_classes(text: str) -> str:
    try:
        names = json.loads(text or "[]")
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names) or len(names) > MOST_CLASSES:
        raise InputError(f"classes must be a list of at most {MOST_CLASSES} words, got {text[:20]!r}; add them again.")
    return pack(names)


def _read_way(text: str) -> str:
    if text not in WAYS:
        raise UnknownIdError("way to ask", text, WAYS)
    return text


_READERS: dict[str, Any] = {
    "method": lambda text: state.canonical(METHODS, text),
    "classifier": lambda text: state.canonical(CLASSIFIERS, text),
    "classes": _read_classes,
    "way": _read_way,
}

ADDRESS = Address("few_labels", FewLabelsView, _READERS, always=("collection", "method"), first=FewLabelsView.first)
