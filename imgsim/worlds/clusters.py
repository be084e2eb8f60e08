"""Groups of unequal size and density, two of them near each other and the rest far away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.parameters import param
from imgsim.types import Float
from imgsim.worlds import WORLDS, Sample, World


@WORLDS.register
@dataclass(frozen=True)
class Clusters(World):
    """Normal groups round centres in a plane; the first two are one gap apart, the others `far` gaps from the first."""

    id = "clusters"
    title = "Clusters of unequal size"
    true: ClassVar[str] = (
        "Each group is half as large as the one before, and wider. The first two lie one gap apart, all others several "
        "gaps away from the first."
    )
    look: ClassVar[str] = (
        "Are the two near groups still nearer to each other than to the rest? Is a wide, thin group still wider than a "
        "tight one? Does size on the map say how many points there are?"
    )

    n: int = param(300, "Points in all.", minimum=50, maximum=2000)
    dims: int = param(50, "Dimensions of the space.", minimum=2, maximum=200)
    groups: int = param(3, "Groups.", minimum=2, maximum=6)
    gap: float = param(
        8.0, "Distance of the first two centres, in deviations of the tightest group.", minimum=1, maximum=20
    )
    far: float = param(5.0, "How many gaps the other groups are away from the first.", minimum=1.0, maximum=10.0)
    spread: float = param(1.5, "How much wider each group is than the one before.", minimum=1.0, maximum=3.0)
    seed: int = param(0, "Start of the random numbers of the points.", minimum=0, maximum=999)

    def draw(self) -> Sample:
        """Coordinates 1 and 2 carry the centres; noise is in all dimensions."""
        random = np.random.default_rng(self.seed)
        group = np.repeat(np.arange(self.groups), self.sizes())
        widths = self.spread ** np.arange(self.groups)
        noise = random.standard_normal((len(group), self.dims)) * widths[group, None]
        vectors = noise / np.sqrt(self.dims)
        vectors[:, :2] += self.centres()[group]
        flat = self.centres()[group] + noise[:, :2] / np.sqrt(self.dims)
        return Sample(vectors.astype(np.float32), group.astype(np.float32), flat.astype(np.float32), "groups")

    def centres(self) -> Float:
        """(groups, 2): the first two one gap apart, the others on an arc `far` gaps from the first."""
        turn = np.linspace(0, np.pi / 2, max(self.groups - 2, 1)) if self.groups > 3 else np.zeros(1)
        arc = self.far * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        points = np.concatenate([[[0.0, 0.0], [0.0, -1.0]], arc])[: self.groups]
        return np.asarray(self.gap * points, np.float32)

    def sizes(self) -> list[int]:
        """Points of each group: each half of the one before, at least five."""
        shares = 0.5 ** np.arange(self.groups)
        rest = [max(5, round(self.n * share / shares.sum())) for share in shares[1:]]
        return [max(5, self.n - sum(rest)), *rest]
