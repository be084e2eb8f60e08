"""Which method tells copies from the rest, by a few example pairs (M methods)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imgsim import neighbors
from imgsim.errors import InputError
from imgsim.pipeline import Pipeline
from imgsim.recommendation import closeness
from imgsim.types import Embeddings, Float

Example = tuple[int, int]  # rows of two images
TRIED = ("phash", "dhash", "whash", "pdq", "color_histogram", "hog", "imgsim_mini")  # quick enough to try all


@dataclass(frozen=True)
class Separation:
    """How well one method keeps the example pairs apart.

    Attributes:
        method: id.
        copies: percentile of the least alike copy: of 100 random pairs, how many are farther apart.
        others: percentile of the most alike pair that is no copy.
        margin: closeness of the former less that of the latter, -1 to 1; above 0 all examples are kept apart.
    """

    method: str
    copies: float
    others: float
    margin: float


def separations(
    pipeline: Pipeline, spaces: Sequence[Embeddings], copies: Sequence[Example], others: Sequence[Example]
) -> list[Separation]:
    """One a method, the greatest margin first, ties by method.

    The margin is taken in closeness (`imgsim.recommendation.closeness`): a copy that is nearer than 999 of 1,000
    random pairs counts for more than one that is nearer than 99 of 100, which percentiles would not show.

    Raises:
        InputError: there is no example of a copy or none of another pair, or a pair is one image twice.
    """
    if not copies or not others:
        raise InputError(
            f"examples must be at least one pair of copies and one of others, got {len(copies)} and {len(others)}; "
            "choose both."
        )
    if any(a == b for a, b in (*copies, *others)):
        raise InputError("a pair must be two images, got one image twice; choose another.")
    found = [_separation(pipeline, space, copies, others) for space in spaces]
    return sorted(found, key=lambda one: (-one.margin, one.method))


def _separation(
    pipeline: Pipeline, space: Embeddings, copies: Sequence[Example], others: Sequence[Example]
) -> Separation:
    ground = pipeline.background(space)
    farthest, nearest = float(_distances(space, copies).max()), float(_distances(space, others).min())
    near = closeness(np.array([farthest, nearest]), ground)
    shares = neighbors.percentile(np.array([farthest, nearest]), ground)
    return Separation(space.method, float(shares[0]), float(shares[1]), float(near[0] - near[1]))


def _distances(space: Embeddings, pairs: Sequence[Example]) -> Float:
    first, second = np.array(pairs).T
    return neighbors.pair_distances(space.vectors[first], space.vectors[second], space.metric)
