"""Walks: a picture on its way through a method, step by step, until it is the method's vector. One file a family.

A walk says for which method ids and families it stands; a method that no walk names gets the plain one: what it is
handed, and what it gives. The last step has the vector, and it equals what the method itself gives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.methods import Array, Method
from imgsim.raster import opencv
from imgsim.registry import Registry
from imgsim.types import Float, Image

SIDE = 320  # pixels of the long side of a drawn picture
MOST_BARS = 64


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture of a step: (H, W, 3) uint8 and what it shows."""

    caption: str
    pixels: Image


@dataclass(frozen=True)
class Chart:
    """Bars of a step: at most 64 names with a value each, and the unit."""

    title: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    unit: str


@dataclass(frozen=True, eq=False)
class Step:
    """One step.

    Attributes:
        title: two or three words.
        says: what happens and why, one to three plain sentences.
        formula: LaTeX, "" where there is none.
        pictures: what is there after it, at least one.
        chart: numbers that are there after it.
        vector: (D,) after the last step, None before.
    """

    title: str
    says: str
    formula: str
    pictures: tuple[Drawn, ...]
    chart: Chart | None = None
    vector: Float | None = None


class Walk(ABC):
    """The steps of a kind of method."""

    id: ClassVar[str]
    methods: ClassVar[tuple[str, ...]] = ()  # ids it stands for
    families: ClassVar[tuple[str, ...]] = ()  # families it stands for where no walk names the method

    @abstractmethod
    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """The steps of an (H, W, 3) uint8 picture through a method, which is fitted where it must be."""


WALKS: Registry[Walk] = Registry("walk", __name__)


def walk_of(method: type[Method]) -> Walk:
    """The walk that stands for a method."""
    by_id = [walk for walk in WALKS if method.id in walk.methods]
    by_family = [walk for walk in WALKS if method.family in walk.families]
    return (by_id or by_family or [WALKS["plain"]])[0]()


def steps_of(method: Method, image: Image) -> tuple[Step, ...]:
    """The steps of a picture through a method; a fitted one where it must be."""
    return walk_of(type(method)).steps(method, image)


def vector_step(vector: Float, says: str, formula: str = "") -> Step:
    """The last step: the vector as stripes, light where a number is large."""
    flat = np.asarray(vector, np.float32)
    return Step("Vector", says, formula, (Drawn(f"{len(flat):,} numbers, row by row", stripes(flat)),), vector=flat)


def shade(values: Array) -> Image:
    """(h, w) numbers as grey, the smallest black and the largest white."""
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / max(high - low, 1e-12) * 255
    return np.repeat(scaled.astype(np.uint8)[:, :, None], 3, axis=2)


def stripes(vector: Float) -> Image:
    """A vector as a square of shaded cells, row by row."""
    side = int(np.ceil(np.sqrt(len(vector))))
    cells = np.full(side * side, vector.min() if len(vector) else 0, np.float32)
    cells[: len(vector)] = vector
    return enlarged(shade(cells.reshape(side, side)))


def enlarged(image: Image, long_side: int = SIDE) -> Image:
    """The picture with square pixels, at least about `long_side` on its long side; larger ones shrunk to it."""
    height, width = image.shape[:2]
    times = long_side // max(height, width)
    if times >= 2:
        return np.ascontiguousarray(np.kron(image, np.ones((times, times, 1), np.uint8)))
    scale = long_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(opencv().resize(np.ascontiguousarray(image), size, interpolation=opencv().INTER_AREA))


def as_rgb(grey: Image) -> Image:
    """(H, W) uint8 as (H, W, 3)."""
    return np.repeat(grey[:, :, None], 3, axis=2)


def chart_of(title: str, values: Array, unit: str, names: tuple[str, ...] = ()) -> Chart:
    """The largest values as bars, at most 64 of them, in their order."""
    chosen = np.sort(np.argsort(-np.asarray(values), kind="stable")[:MOST_BARS])
    told = tuple(names[i] if names else str(i) for i in chosen)
    return Chart(title, told, tuple(float(values[i]) for i in chosen), unit)
