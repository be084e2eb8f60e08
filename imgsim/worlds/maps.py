"""Maps of a world, made once and kept in the store with what they kept of the space."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgsim import neighbors
from imgsim.evaluation.faithfulness import faithfulness
from imgsim.progress import Progress, silent
from imgsim.projections import Projector
from imgsim.store import Store, read_arrays, write_arrays
from imgsim.types import Float, Neighbors, key_of
from imgsim.worlds import World

K = 15  # neighbours by which maps are judged
VERSION = 1


@dataclass(frozen=True, eq=False)
class WorldMap:
    """A map xy (N, 2) of a world, and what it kept at k = 15, 0 to 1."""

    xy: Float
    trustworthiness: float
    knn_recall: float


def find_map(store: Store, world: World, projector: Projector, seed: int) -> WorldMap | None:
    """The map if the store has it."""
    folder = store.find("world_map", _key(world, projector, seed))
    return None if folder is None else _read(folder)


def make_map(store: Store, world: World, projector: Projector, seed: int, progress: Progress = silent) -> WorldMap:
    """The map, computed where it is missing; `seed` is that of the projector."""

    def build(directory: Path) -> None:
        vectors = world.draw().vectors
        told = _named(f"Drawing the map with {projector.title}", progress)
        k = min(max(projector.k, K), len(vectors) - 1)
        indices, distances = neighbors.nearest(vectors, "euclidean", k)
        graph = Neighbors("", indices, distances, "euclidean")
        xy = projector.fit(vectors, graph, n_components=2, seed=seed, progress=told)
        judged = faithfulness(vectors, xy, k=K, neighbors=indices)
        facts = {"trustworthiness": judged.trustworthiness, "knn_recall": judged.knn_recall}
        write_arrays(directory, facts, {"xy": np.asarray(xy, np.float32)})

    return _read(store.compute("world_map", _key(world, projector, seed), build, progress))


def _read(folder: Path) -> WorldMap:
    facts, arrays = read_arrays(folder)
    return WorldMap(np.asarray(arrays["xy"]), facts["trustworthiness"], facts["knn_recall"])


def _key(world: World, projector: Projector, seed: int) -> str:
    return key_of("world_map", world=world.key, projector=projector.key, seed=seed, version=VERSION)


def _named(stage: str, progress: Progress) -> Progress:
    return lambda _, done, total: progress(stage, done, total)
