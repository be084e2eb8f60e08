"""What sets a region of a map apart: the labels and numbers of the selected images against all the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim.types import Field

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Contrast:
    """One value of one field inside and outside of a selection.

    Attributes:
        field, value: such as "colour", "red"; for a numeric field the value is "median".
        inside, outside: share of the images that have the value, 0 to 1; for a numeric field the medians.
        n_inside: selected images that have it.
        effect: how far inside and outside differ, 0 to 1: difference of the shares, or for numbers the distance of
            the probability that a selected one is larger from one half, doubled (rank-biserial correlation).
    """

    field: str
    value: str
    inside: float
    outside: float
    n_inside: int
    effect: float


def contrasts(fields: Mapping[str, Field], selected: Mask, most: int = 12) -> list[Contrast]:
    """The strongest differences between the selected (N,) and the rest, strongest first.

    Labels that nearly every image has of its own (more than half as many as images) say nothing and are left out.
    Without a rest there is nothing to compare with, and the result is empty.
    """
    if not selected.any() or selected.all():
        return []
    found: list[Contrast] = []
    for name, values in fields.items():
        found += _numbers(name, values, selected) if values.dtype.kind == "f" else _labels(name, values, selected)
    return sorted(found, key=lambda c: (-c.effect, c.field, c.value))[:most]


def _labels(name: str, values: Field, selected: Mask) -> list[Contrast]:
    labels, codes = np.unique(values.astype(str), return_inverse=True)
    if len(labels) > max(len(values) / 2, 2):
        return []
    inside = np.bincount(codes[selected], minlength=len(labels))
    outside = np.bincount(codes[~selected], minlength=len(labels))
    shares, rest = inside / selected.sum(), outside / (~selected).sum()
    return [
        Contrast(name, str(label), float(a), float(b), int(n), float(abs(a - b)))
        for label, a, b, n in zip(labels, shares, rest, inside, strict=True)
        if a != b
    ]


def _numbers(name: str, values: Field, selected: Mask) -> list[Contrast]:
    known = np.isfinite(values)
    a, b = values[selected & known], values[~selected & known]
    if not len(a) or not len(b):
        return []
    ordered = np.sort(b)
    below = (np.searchsorted(ordered, a, "left") + np.searchsorted(ordered, a, "right")) / 2
    effect = abs(2 * below.mean() / len(b) - 1)
    return [Contrast(name, "median", float(np.median(a)), float(np.median(b)), len(a), float(effect))] if effect else []
