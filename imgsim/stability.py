"""The same map drawn again and again, by other seeds or other parameters: what of it stands? Kept in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.faithfulness import map_neighbors
from imgsim.evaluation.stability import K, islands, standing, survival
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Float, key_of

VERSION = 1


@dataclass(frozen=True)
class Drawing:
    """One way to draw the map: projector spec and seed."""

    projector: str
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Stability:
    """What of a map comes again.

    Attributes:
        key: of this result in the store.
        projections: key of the map of each drawing.
        survival: (N,) share of an image's 15 nearest on one map that are so on another, 0 to 1, over all pairs of maps.
        islands: (N,) island of each image on the first map, -1 for none, largest first.
        standing: (I, R) whether each island stands in each drawing.
        by_chance: the survival of maps that know nothing of each other.
    """

    key: str
    projections: tuple[str, ...]
    survival: Float
    islands: npt.NDArray[np.int64]
    standing: npt.NDArray[np.bool_]
    by_chance: float


def measure(
    pipeline: Pipeline, collection: Collection, method: str, drawings: Sequence[Drawing], progress: Progress = silent
) -> Stability:
    """Draw the map of a method in several ways and compare the drawings; what the store has is not drawn again.

    Raises:
        InputError: fewer than two drawings or four images, or a spec that is not known.
    """
    if len(drawings) < 2 or len(collection) < 4:
        raise InputError(
            f"stability must be of two drawings of four images or more, got {len(drawings)} of {len(collection)}; "
            "draw the map in more ways."
        )
    space = pipeline.embed(collection, [METHODS.parse(method)], progress)[0]
    made = []
    for done, drawing in enumerate(drawings):
        projector = PROJECTORS.parse(drawing.projector)
        told = _numbered(done + 1, len(drawings), progress)
        made.append(pipeline.project(space, projector, seed=drawing.seed, progress=told))
    keys = tuple(one.key for one in made)

    def build(directory: Path) -> None:
        facts, arrays = _compared([np.asarray(one.xy) for one in made])
        write_arrays(directory, facts, arrays)

    key = key_of("stability", projections=list(keys), k=K, version=VERSION)
    progress("Comparing the drawings", 0, 1)
    pipeline.store.compute("stability", key, build, progress)
    progress("Comparing the drawings", 1, 1)
    return load(pipeline, key, keys)


def load(pipeline: Pipeline, key: str, projections: Sequence[str]) -> Stability:
    """A stored result by its key.

    Raises:
        InputError: it is no longer stored.
    """
    folder = pipeline.store.find("stability", key)
    if folder is None:
        raise InputError(f"a key must be of a stored result, got stability {key[:12]}…; draw the maps again.")
    facts, arrays = read_arrays(folder)
    return Stability(
        key, tuple(projections), arrays["survival"], arrays["islands"], arrays["standing"], facts["by_chance"]
    )


def _compared(maps: Sequence[Float]) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    near = [map_neighbors(xy, K) for xy in maps]
    found = islands(maps[0])
    arrays: dict[str, npt.NDArray[Any]] = {
        "survival": survival(near).astype(np.float32),
        "islands": found,
        "standing": standing(found, near),
    }
    return {"by_chance": near[0].shape[1] / (len(maps[0]) - 1)}, arrays


def _numbered(number: int, total: int, progress: Progress) -> Progress:
    return lambda stage, done, of: progress(f"{stage} ({number} of {total})", done, of)
