"""A cloud without any structure: whatever a map shows of it, the map has made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.parameters import param
from imgsim.worlds import WORLDS, Sample, World


@WORLDS.register
@dataclass(frozen=True)
class Cloud(World):
    """Independent normal coordinates."""

    id = "cloud"
    title = "A cloud of random points"
    true: ClassVar[str] = (
        "There are no groups, no ring, no axis: every coordinate of every point is an independent random number. "
        "The colour is the distance from the centre."
    )
    look: ClassVar[str] = (
        "Do you see clumps and strings? Lower the perplexity, or the neighbours, and count them. None of them is in "
        "the data: change the seed of the map and they move."
    )

    n: int = param(300, "Points.", minimum=50, maximum=2000)
    dims: int = param(50, "Dimensions of the space.", minimum=2, maximum=200)
    seed: int = param(0, "Start of the random numbers of the points.", minimum=0, maximum=999)

    def draw(self) -> Sample:
        """Standard normal; the truth is the rank of the distance from the centre, 0 to 1."""
        vectors = np.random.default_rng(self.seed).standard_normal((self.n, self.dims)).astype(np.float32)
        order = np.argsort(np.argsort(np.linalg.norm(vectors, axis=1)))
        return Sample(vectors, (order / max(self.n - 1, 1)).astype(np.float32), vectors[:, :2].copy(), "axis")
