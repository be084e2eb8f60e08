"""What the anomalies page shows, as short strings in the URL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from imgsim.anomalies import DEFAULT, DETECTORS, StudyRequest, guess_where, known
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.types import Collection
from imgsim.ui import state
from imgsim.ui.address import Address

AUTO, NOBODY = "auto", "-"
ALARMS = (1, 20)  # percent
MOST_VALUES = 24  # of a field whose values are offered
GROUPS = ("group", "patient", "patient_id", "subject", "tile", "block", "capture")  # what such fields are often called
SCANS = "builtin:scans"


@dataclass(frozen=True)
class AnomaliesView:
    """One study; the field names are the names in the URL.

    Attributes:
        collection: SOURCE.
        test: SOURCE of the pictures to judge, "" for the collection itself.
        normal: `field=value` of the normal pictures, `auto` for the usual words, `-` where nothing says so.
        only: `field=value` of those that take part, `auto` for the retina of the packaged scans, `-` for all.
        label: `field=value` that means normal in `test`, `auto` for the usual words, `-` where nothing says so.
        group: field of what belongs together, `auto` for the usual names, `-` for equal contents alone.
        method, detector: specs.
        alarms: false alarms that the threshold aims at, in percent.
        image: id in focus, "" for the strangest.
        new: reference of an uploaded picture to judge, "" for none.
    """

    collection: str = SCANS
    test: str = ""
    normal: str = AUTO
    only: str = AUTO
    label: str = AUTO
    group: str = AUTO
    method: str = "imgsim_mini"
    detector: str = DEFAULT
    alarms: int = 5
    image: str = ""
    new: str = ""

    lasting: ClassVar = ("method", "detector", "alarms")

    @classmethod
    def first(cls) -> AnomaliesView:
        """What is shown before anybody has chosen."""
        return cls(collection=os.environ.get("IMGSIM_SOURCE") or cls.collection)

    def where(self, collection: Collection) -> str:
        """`field=value` of the normal pictures; "" where all are taken as such."""
        return _chosen(self.normal, _guess(collection) if not self.test else "")

    def part(self) -> str:
        """`field=value` of those that take part; "" for all."""
        return _chosen(self.only, "tissue=retina" if self.collection == SCANS else "")

    def together(self, collection: Collection) -> str:
        """The group field, "" for none."""
        return _chosen(self.group, next((name for name in GROUPS if name in collection.fields), ""))

    def request(self, collection: Collection, test: Collection | None) -> StudyRequest:
        """What is asked of `imgsim.anomalies`."""
        label, _, normal = _chosen(self.label, _guess(test) if test else "").partition("=")
        return StudyRequest(
            source=self.collection,
            test=self.test,
            normal_where=self.where(collection),
            label=label,
            label_normal=normal,
            only=self.part(),
            group=self.together(collection),
            method=self.method,
            detector=self.detector,
        )


def values_of(collection: Collection) -> list[str]:
    """Every `field=value` that may be offered."""
    found: list[str] = []
    for name, values in collection.fields.items():
        said = np.unique(values.astype(str)) if values.dtype.kind != "f" else np.unique(values[np.isfinite(values)])
        if 2 <= len(said) <= MOST_VALUES:
            found += [f"{name}={known(value)}" for value in said.tolist() if known(value)]
    return found


def _chosen(said: str, auto: str) -> str:
    return auto if said == AUTO else "" if said == NOBODY else said


def _guess(collection: Collection) -> str:
    found = guess_where(collection)
    return "=".join(found) if found else ""


def update(**changes: Any) -> None:
    """Change the view; another collection drops what was picked in it, a detector of patches needs a network."""
    view = ADDRESS.read()[0]
    if changes.get("collection", view.collection) != view.collection:
        changes = {**dict.fromkeys(("normal", "only", "label", "group"), AUTO), "test": "", "image": "", **changes}
    detector = DETECTORS[DETECTORS.parse(changes.get("detector", view.detector)).id]
    method = changes.get("method", view.method)
    if detector.needs == "patches" and method.partition(":")[0] not in [one.id for one in methods_for(detector)]:
        changes = {**changes, "method": AnomaliesView.method}
    ADDRESS.update(**changes)


def methods_for(detector: type[Any]) -> Sequence[type[Any]]:
    """The methods that a detector can be used with."""
    return [method for method in METHODS if detector.needs != "patches" or hasattr(method, "feature_maps")]


def _alarms(text: str) -> int:
    low, high = ALARMS
    if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
        raise InputError(f"alarms must be {low} to {high} percent, got {text[:20]!r}; move the slider.")
    return int(text)


_READERS: dict[str, Any] = {
    "method": lambda text: state.canonical(METHODS, text),
    "detector": lambda text: state.canonical(DETECTORS, text),
    "alarms": _alarms,
}

ADDRESS = Address("anomalies", AnomaliesView, _READERS, first=AnomaliesView.first)
