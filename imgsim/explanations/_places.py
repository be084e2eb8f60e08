"""Networks that say what they see in each place of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from imgsim.explanations import SIDE, Subject, _drawing
from imgsim.methods import Array, Method
from imgsim.types import Float, Image


@runtime_checkable
class ByPlace(Protocol):
    """A method whose network keeps places."""

    def place_vectors(self, prepared: Sequence[Array]) -> Float:
        """(B, h, w, D)."""
        ...


def averages(subject: Subject) -> bool:
    """Whether the vector of a network is the mean over its places."""
    return isinstance(subject, ByPlace) and getattr(subject, "pooling", "avg") == "avg"


def seen(method: Method, a: Image, b: Image) -> tuple[list[Image], Array, Array]:
    """What a network is shown of both images, and its (h, w, D) float64 vectors of the places of each."""
    assert isinstance(method, ByPlace)
    prepared = [method.prepare(image) for image in (a, b)]
    first, second = method.place_vectors(prepared).astype(np.float64)
    shown = [_drawing.readable(np.ascontiguousarray(p.transpose(1, 2, 0)), SIDE) for p in prepared]
    return shown, first, second
