"""Which picture of a group to keep: the largest, then the sharpest, then the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imgsim.duplicates.decisions import Group
from imgsim.duplicates.scoring import Scored
from imgsim.duplicates.sketches import sharpness
from imgsim.errors import ImgsimError
from imgsim.methods import Array
from imgsim.methods.pdq import Pdq
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.types import Collection, Image


@dataclass(frozen=True)
class Facts:
    """What the suggestion rests on: size in pixels, and sharpness (0 without edges, no unit)."""

    width: int
    height: int
    sharpness: float

    @property
    def rank(self) -> tuple[int, float]:
        """Larger is kept."""
        return self.width * self.height, self.sharpness


NOTHING = Facts(0, 0, 0.0)


def keepers(
    pipeline: Pipeline, collection: Collection, scored: Scored, groups: Sequence[Group], progress: Progress = silent
) -> tuple[list[int], dict[int, Facts]]:
    """The row to keep of each group, and the facts of every grouped picture by row.

    A picture whose sharpness the scores do not hold is read for it; one that cannot be read has no facts.
    """
    rows = sorted({row for group in groups for row in group.rows})
    sharp = {row: float(scored.sharpness[row]) for row in rows}
    unknown = [row for row in rows if np.isnan(sharp[row])]
    for done, (row, found) in enumerate(pipeline.prepared(collection, unknown, _sharpness, Pdq().min_side), 1):
        sharp[row] = -1.0 if isinstance(found, ImgsimError) else float(found[0])
        progress("Measuring sharpness", done, len(unknown))
    width, height = (np.asarray(collection.fields[name], np.int64) for name in ("width", "height"))
    facts = {row: Facts(int(width[row]), int(height[row]), sharp[row]) if sharp[row] >= 0 else NOTHING for row in rows}
    return chosen(groups, facts), facts


def _sharpness(image: Image) -> list[Array]:
    return [np.array(sharpness(image))]


def chosen(groups: Sequence[Group], facts: Mapping[int, Facts]) -> list[int]:
    """The row to keep of each group; a picture without facts is kept last."""
    return [max(sorted(group.rows), key=lambda row: facts.get(row, NOTHING).rank) for group in groups]
