"""Pictures that differ in two known ways: two factors of the drawn shapes as the axes of the true plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.images.sources.shapes import SHAPES, Factors, draw
from imgsim.parameters import param
from imgsim.raster import grey, squash
from imgsim.worlds import WORLDS, Sample, World

SHOWN = 12
RANGES = {"size": (0.35, 0.8), "rotation": (0.0, 90.0), "across": (0.32, 0.68), "down": (0.32, 0.68)}


@WORLDS.register
@dataclass(frozen=True)
class TwoFactors(World):
    """One shape whose two factors are drawn evenly; the vectors are grey pixels."""

    id = "factors"
    title = "Two factors of a picture"
    true: ClassVar[str] = (
        "Every picture is the same thing, changed in two independent ways. So the points fill a square whose axes are "
        "the two factors; the colour is the first of them."
    )
    look: ClassVar[str] = (
        "Is it still one sheet, with the colour running smoothly over it? Is it torn, folded or rolled up? Position "
        "bends the sheet most: pictures that do not overlap are all equally far by pixels."
    )

    shape: str = param("heart", "The thing.", choices=tuple(SHAPES))
    first: str = param("size", "The factor that colours the points.", choices=tuple(RANGES))
    second: str = param("rotation", "The other factor.", choices=tuple(RANGES))
    n: int = param(300, "Pictures.", minimum=50, maximum=1000)
    side: int = param(
        24, "Side of a picture in pixels; its square is the number of dimensions.", choices=(8, 16, 24, 32)
    )
    seed: int = param(0, "Start of the random numbers of the factors.", minimum=0, maximum=999)

    def draw(self) -> Sample:
        """The truth is the first factor, 0 to 1. One factor given twice leaves a line."""
        square = np.random.default_rng(self.seed).random((self.n, 2))
        if self.first == self.second:
            square[:, 1] = square[:, 0]
        pictures = [draw(self._factors(u, v)) for u, v in square]
        vectors = np.stack([squash(grey(p), self.side, self.side).reshape(-1) for p in pictures])
        shown = tuple(pictures[i] for i in np.argsort(square[:, 0])[np.linspace(0, self.n - 1, SHOWN).astype(int)])
        truth = square[:, 0].astype(np.float32)
        return Sample((vectors / 255.0).astype(np.float32), truth, square.astype(np.float32), "axis", shown)

    def _factors(self, u: float, v: float) -> Factors:
        given = {"size": 0.5, "rotation": 0.0, "across": 0.5, "down": 0.5}
        for name, share in ((self.second, v), (self.first, u)):
            low, high = RANGES[name]
            given[name] = low + share * (high - low)
        return Factors(
            self.shape, "blue", "plain", given["size"], given["rotation"], "white", given["across"], given["down"]
        )
