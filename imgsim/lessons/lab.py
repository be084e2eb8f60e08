"""Where lessons compute: one collection, its images, its spaces by any method, and the worlds of known shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.methods import METHODS, Method
from imgsim.neighbors import METRICS
from imgsim.pairs.sides import label_field
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Field, Float, Image, Ints, key_of
from imgsim.worlds import WORLDS, World
from imgsim.worlds.maps import WorldMap, find_map, make_map

LABELS = {"builtin:shapes": "shape", "builtin:digits": "label"}
SIDE = 160  # short side in pixels of the pictures that lessons change


class Need(Protocol):
    """Something that takes longer than a moment; a page has it made in the background before it goes on."""

    def is_there(self, lab: Lab) -> bool:
        """Whether it has been made."""
        ...

    def make(self, lab: Lab, progress: Progress) -> object:
        """Make it; what it gives is for the lesson."""
        ...


@dataclass(frozen=True)
class Space:
    """The collection by a method, with its neighbours."""

    method: str

    def is_there(self, lab: Lab) -> bool:
        """Whether the store has its vectors."""
        return lab.pipeline.find_embeddings(lab.collection, METHODS.parse(self.method)) is not None

    def make(self, lab: Lab, progress: Progress) -> None:
        """Embed what is missing, and find neighbours."""
        lab.pipeline.neighbors(
            lab.pipeline.embed(lab.collection, [METHODS.parse(self.method)], progress)[0], progress=progress
        )


@dataclass(frozen=True)
class Kept:
    """Figures that take a few seconds: computed once for a collection, then read from the store.

    Attributes:
        name: unique among all lessons; with `params` and the collection it is the key.
        compute: gives the arrays by name.
        params: what else decides them.
    """

    name: str
    compute: Callable[[Lab, Progress], dict[str, npt.NDArray[Any]]] = field(compare=False)
    params: tuple[tuple[str, str | int | float | bool], ...] = ()
    version: int = 1

    def is_there(self, lab: Lab) -> bool:
        """Whether the store has them."""
        return lab.pipeline.store.find("lesson", self._key(lab)) is not None

    def make(self, lab: Lab, progress: Progress = silent) -> dict[str, npt.NDArray[Any]]:
        """The arrays, computed where they are missing."""

        def build(directory: Path) -> None:
            write_arrays(directory, {"name": self.name}, self.compute(lab, progress))

        return read_arrays(lab.pipeline.store.compute("lesson", self._key(lab), build, progress))[1]

    def _key(self, lab: Lab) -> str:
        content = {"name": self.name, "params": list(map(list, self.params)), "version": self.version}
        return key_of("lesson", collection=lab.collection.fingerprint, **content)


@dataclass(frozen=True)
class MapOf:
    """A map of a world of known shape."""

    world: str
    projector: str
    seed: int = 0

    def is_there(self, lab: Lab) -> bool:
        """Whether the store has it."""
        return find_map(lab.pipeline.store, *self._parts) is not None

    def make(self, lab: Lab, progress: Progress = silent) -> WorldMap:
        """The map, drawn where it is missing."""
        return make_map(lab.pipeline.store, *self._parts, progress)

    @property
    def _parts(self) -> tuple[World, Projector, int]:
        return WORLDS.parse(self.world), PROJECTORS.parse(self.projector), self.seed


class Lab:
    """One collection to compute on.

    Args:
        pipeline: where spaces come from.
        source: SOURCE of the collection.
    """

    def __init__(self, pipeline: Pipeline, source: str) -> None:
        self.pipeline, self.source = pipeline, source

    @cached_property
    def collection(self) -> Collection:
        """The collection, opened."""
        key = self.pipeline.collection_key(self.source)
        found = self.pipeline.load_collection(key) if key else self.pipeline.open(self.source)
        if len(found) < 3:
            raise InputError(f"a lesson must have three pictures or more, got {len(found)}; choose another collection.")
        return found

    def space(self, method: str) -> Embeddings:
        """The collection by a method."""
        return self.pipeline.embed(self.collection, [METHODS.parse(method)])[0]

    def ready(self, method: str) -> Method:
        """The method with what it learnt from the collection."""
        return self.pipeline.method_of(self.space(method))

    def nearest(self, method: str, k: int) -> Ints:
        """(N, k) rows of the nearest others."""
        return np.asarray(self.pipeline.neighbors(self.space(method)).indices[:, :k])

    def originals(self, most: int = 60) -> list[int]:
        """Rows of pictures that are different from each other: of the packaged photos the unedited ones."""
        fields = self.collection.fields
        if self.source == "builtin:photos" and "edit" in fields:
            return [int(row) for row in np.flatnonzero(self.collection.field("edit") == "original")]
        return self.sample(most)

    @cached_property
    def label(self) -> Field:
        """(N,) the labels that a lesson asks for: by what a packaged collection is made for, else the first that fit.

        Raises:
            InputError: no field tells several kinds of pictures apart.
        """
        usual = LABELS.get(self.source) or label_field(self.collection)
        if not usual:
            raise InputError(
                f"{self.collection.name} must have labels for this lesson, got none; put the pictures of each kind "
                "into a folder of their own, or add a labels.csv."
            )
        return self.collection.field(usual)

    def labelled(self, least: int) -> Ints:
        """Rows with a label.

        Raises:
            InputError: there are fewer than `least`.
        """
        rows = np.flatnonzero(self.label.astype(str) != "").astype(np.int32)
        if len(rows) < least:
            raise InputError(
                f"this lesson must have {least} labelled pictures or more, got {len(rows)}; choose another collection."
            )
        return rows

    def sample(self, most: int) -> list[int]:
        """Rows spread evenly over the collection."""
        n = len(self.collection)
        return [int(row) for row in np.unique(np.linspace(0, n - 1, min(n, most)).astype(int))]

    def image(self, row: int, side: int = SIDE) -> Image:
        """One image, no smaller than `side` on its short side where the original is."""
        return self.pipeline.read_image(self.collection, row, side)

    def images(self, rows: Sequence[int], side: int = SIDE) -> list[Image]:
        """Several of them."""
        return [self.image(row, side) for row in rows]


def same_by_chance(labels: Field) -> float:
    """The share of random pairs of different images that have the same label, 0 to 1."""
    counts = np.unique(labels, return_counts=True)[1]
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def distances(vectors: Float, others: Float, metric: str) -> Float:
    """(A, B) distances of (A, D) vectors from (B, D) others."""
    measure = METRICS[metric]  # type: ignore[index]
    view = measure.prepare(np.concatenate([vectors, others]))  # together, as the view of zero vectors is wider
    return np.stack([measure.pairs(view[len(vectors) :], one) for one in view[: len(vectors)]])


def found_again(method: Method, originals: Sequence[Image], changed: Sequence[Image]) -> Float:
    """(N,) 1 where a changed picture's nearest original is its own; ties count against it."""
    far = distances(method.embed(list(changed)), method.embed(list(originals)), method.metric)
    own = far.diagonal()[:, None]
    return np.asarray((far <= own).sum(axis=1) == 1, np.float32)
