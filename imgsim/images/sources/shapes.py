"""`builtin:shapes`: pictures drawn by code from independent known factors, to see what a method pays attention to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw

from imgsim.images.sources import SOURCES, Contents, Listing
from imgsim.images.sources._drawn import Drawn
from imgsim.types import Image

SIDE = 144
_OVERSAMPLING = 4  # drawn this much larger, then averaged: smooth edges
_REPEATS = 25
_SEED = 20

Points = list[tuple[float, float]]

COLOURS = {
    "red": (214, 45, 48),
    "orange": (243, 146, 30),
    "green": (52, 160, 76),
    "cyan": (40, 178, 196),
    "blue": (50, 84, 200),
    "purple": (150, 62, 178),
}
TEXTURES = ("plain", "stripes", "dots")
BACKGROUNDS = {"white": 250, "light": 222, "middle": 190}


def _regular(n_corners: int, inner: float = 1.0, turn: float = -90.0) -> Points:
    """Corners on the unit circle, every second one at the inner radius."""
    angles = [math.radians(turn + 360 * i / n_corners) for i in range(n_corners)]
    radii = [inner if i % 2 else 1.0 for i in range(n_corners)] if inner != 1.0 else [1.0] * n_corners
    return [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]


def _heart() -> Points:
    steps = [2 * math.pi * i / 120 for i in range(120)]
    return [
        (math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16)
        for t in steps
    ]


_ARM = 0.34
SHAPES: dict[str, Points] = {
    "circle": _regular(120),
    "square": _regular(4, turn=-45),
    "triangle": _regular(3),
    "star": _regular(10, inner=0.42),
    "cross": [
        (-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM),
        (_ARM, 1), (-_ARM, 1), (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM),
    ],
    "heart": _heart(),
    "arrow": [(-1, -0.3), (0.1, -0.3), (0.1, -0.8), (1, 0), (0.1, 0.8), (0.1, 0.3), (-1, 0.3)],
    "ring": _regular(120),
}  # fmt: skip
_HOLES: dict[str, Points] = {"ring": [(0.5 * x, 0.5 * y) for x, y in SHAPES["ring"]]}


@dataclass(frozen=True)
class Factors:
    """Everything a picture is made of; size is the share of the width, rotation in degrees, x and y the centre."""

    shape: str
    colour: str
    texture: str
    size: float
    rotation: float
    background: str
    x: float
    y: float


@SOURCES.register
class Shapes(Drawn):
    """Every shape in every colour, 25 times; the other factors are drawn independently."""

    id: ClassVar[str] = "builtin:shapes"
    title: ClassVar[str] = "Drawn shapes"
    n_images: ClassVar[int] = len(SHAPES) * len(COLOURS) * _REPEATS
    description: ClassVar[str] = (
        f"{n_images:,} drawn pictures whose shape, colour, texture, size, rotation and background are known and vary "
        "independently: see at once which of them a method pays attention to."
    )

    def listing(self) -> Listing:
        """All pictures; ids like `circle_red_07`."""
        table = factors()
        names = ("shape", "colour", "texture", "size", "rotation", "background")
        return self.listed(table, {name: [getattr(of, name) for of in table.values()] for name in names})

    def read(self, location: str) -> Contents:
        """The picture, drawn now."""
        return draw(factors()[location])


@cache
def factors() -> dict[str, Factors]:
    """The factors of every picture by id, the same on every machine."""
    rng = np.random.default_rng(_SEED)

    def one(shape: str, colour: str) -> Factors:
        return Factors(
            shape,
            colour,
            texture=TEXTURES[rng.integers(len(TEXTURES))],
            size=round(float(rng.uniform(0.56, 0.72)), 3),
            rotation=round(float(rng.uniform(-15, 15)), 1),
            background=list(BACKGROUNDS)[rng.integers(len(BACKGROUNDS))],
            x=0.5 + float(rng.uniform(-0.03, 0.03)),
            y=0.5 + float(rng.uniform(-0.03, 0.03)),
        )

    return {
        f"{shape}_{colour}_{number:02d}": one(shape, colour)
        for shape in SHAPES
        for colour in COLOURS
        for number in range(_REPEATS)
    }


def draw(of: Factors) -> Image:
    """(144, 144, 3): the shape, filled with its texture, on a neutral grey."""
    side = SIDE * _OVERSAMPLING
    mask = Pil.new("L", (side, side))
    ImageDraw.Draw(mask).polygon(_placed(SHAPES[of.shape], of, side), fill=255)
    if of.shape in _HOLES:
        ImageDraw.Draw(mask).polygon(_placed(_HOLES[of.shape], of, side), fill=0)
    picture = Pil.new("RGB", (SIDE, SIDE), (BACKGROUNDS[of.background],) * 3)
    picture.paste(_fill(of.texture, of.colour), mask=mask.reduce(_OVERSAMPLING))
    return np.array(picture)


@cache
def _fill(texture: str, colour: str) -> Pil.Image:
    """A whole picture of that texture and colour."""
    return _FILLS[texture](COLOURS[colour], SIDE * _OVERSAMPLING).reduce(_OVERSAMPLING)


def _placed(points: Points, of: Factors, side: int) -> Points:
    turn, radius = math.radians(of.rotation), of.size * side / 2
    cos, sin = radius * math.cos(turn), radius * math.sin(turn)
    return [(of.x * side + cos * x - sin * y, of.y * side + sin * x + cos * y) for x, y in points]


def _shade(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """The same hue, a little darker."""
    red, green, blue = (round(level * 0.86) for level in colour)
    return red, green, blue


def _plain(colour: tuple[int, int, int], side: int) -> Pil.Image:
    return Pil.new("RGB", (side, side), colour)


def _stripes(colour: tuple[int, int, int], side: int) -> Pil.Image:
    picture = _plain(colour, side)
    draw, width = ImageDraw.Draw(picture), side / 18
    for i in range(-18, 36, 2):
        x = i * width
        draw.polygon([(x, 0), (x + width, 0), (x + width + side, side), (x + side, side)], fill=_shade(colour))
    return picture


def _dots(colour: tuple[int, int, int], side: int) -> Pil.Image:
    picture = _plain(colour, side)
    draw, step = ImageDraw.Draw(picture), side / 14
    for row in range(15):
        for column in range(15):
            x, y = (column + 0.5 * (row % 2)) * step, row * step
            draw.ellipse((x - 0.3 * step, y - 0.3 * step, x + 0.3 * step, y + 0.3 * step), fill=_shade(colour))
    return picture


_FILLS: dict[str, Callable[[tuple[int, int, int], int], Pil.Image]] = {
    "plain": _plain,
    "stripes": _stripes,
    "dots": _dots,
}
