"""What lessons show, as data: pictures, bars, curves, maps, sentences and ways to go on. The pages draw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from imgsim.types import Float, Image


@dataclass(frozen=True, eq=False)
class Shown:
    """One picture: an image of a collection, or pixels made by the lesson.

    Attributes:
        name: read out by screen readers; the id where it is an image of a collection.
        pixels: (H, W, 3) uint8; None for an image of the collection.
        source: SOURCE of the collection of the image.
        tag: a short text in its corner.
        mark: `hit`, `miss` or "" for neither.
    """

    name: str
    pixels: Image | None = None
    source: str = ""
    tag: str = ""
    mark: Literal["hit", "miss", ""] = ""


@dataclass(frozen=True, eq=False)
class Pictures:
    """A row of pictures under a title."""

    title: str
    items: tuple[Shown, ...]
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """A bar for each name; `baseline` is a line across at what chance or indifference would give.

    Attributes:
        title: a question or a statement.
        values: by name.
        unit: of the values, such as "share of photos"; shares are 0 to 1 and shown in percent.
        baseline: name and value of the line.
        share: whether the values are shares.
    """

    title: str
    values: Mapping[str, float]
    unit: str
    baseline: tuple[str, float] | None = None
    share: bool = True


@dataclass(frozen=True)
class Curves:
    """A line for each name over common x; `at` marks a place on x, `log` spaces x by factors."""

    title: str
    x: tuple[float, ...]
    lines: Mapping[str, tuple[float, ...]]
    x_unit: str
    unit: str
    baseline: tuple[str, float] | None = None
    share: bool = True
    at: float | None = None
    log: bool = False


@dataclass(frozen=True, eq=False)
class Map:
    """Points (N, 2) coloured by what is known to be true of them.

    Attributes:
        title: what it is.
        xy: (N, 2).
        truth: (N,) group as whole numbers, or a number between 0 and 1 round a ring or along an axis.
        kind: `groups`, `circle` or `axis`: how truth is coloured.
        note: how far it can be trusted.
    """

    title: str
    xy: Float
    truth: Float
    kind: Literal["groups", "circle", "axis"] = "groups"
    note: str = ""


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps side by side."""

    maps: tuple[Map, ...]


@dataclass(frozen=True)
class Says:
    """A sentence or two, Markdown."""

    text: str


@dataclass(frozen=True)
class GoOn:
    """A way to another page with a view of it."""

    label: str
    page: str
    params: Mapping[str, str] = field(default_factory=dict)


Block = Pictures | Bars | Curves | Maps | Says | GoOn
