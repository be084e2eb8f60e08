"""A thing turning once round, as pixels: in the space of all pictures its views lie on a closed line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.images.sources.shapes import SHAPES, Factors, draw
from imgsim.parameters import param
from imgsim.raster import grey, squash
from imgsim.worlds import WORLDS, Sample, World

SHOWN = 12


@WORLDS.register
@dataclass(frozen=True)
class Ring(World):
    """Views at equal steps over 360 degrees, grey, as vectors of their pixels."""

    id = "ring"
    title = "A turning thing"
    true: ClassVar[str] = (
        "Every point is a picture of the same thing, turned a little further; after a full turn it is back where it "
        "began. So the points lie on one closed line, and the colour is the angle."
    )
    look: ClassVar[str] = (
        "Is the line still closed, and in one piece? Take a thing that looks the same after a part of a turn, such as "
        "a square: the line closes sooner, and several colours lie on one place, rightly."
    )

    shape: str = param("arrow", "The thing that turns.", choices=tuple(SHAPES))
    n: int = param(180, "Views over a full turn.", minimum=24, maximum=720)
    side: int = param(
        24, "Side of a picture in pixels; its square is the number of dimensions.", choices=(8, 16, 24, 32)
    )
    noise: float = param(0.0, "Noise in grey levels on every pixel.", minimum=0.0, maximum=60.0)
    seed: int = param(0, "Start of the random numbers of the noise.", minimum=0, maximum=999)

    def draw(self) -> Sample:
        """The truth is the angle as a share of the full turn."""
        turns = np.arange(self.n) / self.n
        pictures = [draw(Factors(self.shape, "blue", "plain", 0.66, float(360 * t), "white", 0.5, 0.5)) for t in turns]
        vectors = np.stack([squash(grey(p), self.side, self.side).reshape(-1) for p in pictures]).astype(np.float32)
        vectors += np.random.default_rng(self.seed).normal(0, 1, vectors.shape).astype(np.float32) * self.noise
        circle = np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=1)
        shown = tuple(pictures[i] for i in np.linspace(0, self.n - 1, SHOWN).astype(int))
        return Sample(
            (vectors / 255).astype(np.float32), turns.astype(np.float32), circle.astype(np.float32), "circle", shown
        )
