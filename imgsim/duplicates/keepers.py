"""Which picture of a group to keep: the largest, then the sharpest, then the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imgsim.duplicates.decisions import Group
from imgsim.errors import UnreadableImageError
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.raster import grey, opencv, scale_to
from imgsim.types import Collection, Image

SIDE = 512  # pixels; sharpness is compared at one size


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


def sharpness(image: Image) -> float:
    """Variance of the Laplacian at a long side of 512 pixels (Pech-Pacheco et al., ICPR 2000)."""
    cv2 = opencv()
    return float(cv2.Laplacian(scale_to(grey(image), SIDE), cv2.CV_32F).var())


def keepers(
    pipeline: Pipeline, collection: Collection, groups: Sequence[Group], progress: Progress = silent
) -> tuple[list[int], dict[int, Facts]]:
    """The row to keep of each group, and the facts of every grouped picture by row."""
    rows = sorted({row for group in groups for row in group.rows})
    facts = {}
    for done, row in enumerate(rows):
        progress("Measuring size and sharpness", done, len(rows))
        facts[row] = _facts(pipeline, collection, row)
    progress("Measuring size and sharpness", len(rows), len(rows))
    return chosen(groups, facts), facts


def chosen(groups: Sequence[Group], facts: Mapping[int, Facts]) -> list[int]:
    """The row to keep of each group; a picture without facts is kept last."""
    return [max(sorted(group.rows), key=lambda row: facts.get(row, NOTHING).rank) for group in groups]


def _facts(pipeline: Pipeline, collection: Collection, row: int) -> Facts:
    try:
        image = pipeline.read_image(collection, row)
    except UnreadableImageError:
        return NOTHING
    return Facts(image.shape[1], image.shape[0], sharpness(image))
