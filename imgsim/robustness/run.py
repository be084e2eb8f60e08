"""A sample on its way through the methods: transformed, embedded as new pictures, searched for among the rivals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim import images, neighbors
from imgsim.embedding import Batch
from imgsim.errors import ImgsimError, InputError
from imgsim.evaluation.robustness import own_ranks
from imgsim.images.transformations import Transformation
from imgsim.methods import Array, Method
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.robustness.sample import Sample
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Float, Image, key_of

VERSION = 2
MIN_SIDE = 256  # least side to which pictures are decoded; those with a short side above twice it are shrunk
UNCHANGED = "unchanged"


@dataclass(frozen=True, eq=False)
class Outcome:
    """One method under one transformation: (L, S) ranks, similarities and percentiles; mean similarity to rivals."""

    ranks: npt.NDArray[np.int64]
    similarity: Float
    percentile: Float
    chance: float


class Run:
    """The sample on its way through all methods, one transformation at a time."""

    def __init__(
        self,
        pipeline: Pipeline,
        collection: Collection,
        spaces: Sequence[Embeddings],
        sample: Sample,
        progress: Progress,
    ) -> None:
        self.pipeline, self.collection, self.spaces = pipeline, collection, spaces
        self.sample, self.progress = sample, progress
        self.reader = images.open_reader(collection)

    def outcomes(self, one: Transformation | None) -> list[Outcome]:
        """One a method, for the unchanged pictures without a transformation; those not in the store in one pass."""
        keys = [self._key(space, one) for space in self.spaces]
        missing = {key: space for key, space in zip(keys, self.spaces, strict=True) if not self._known(key)}
        found: dict[str, Outcome] = {}
        # By the side they need: what one method finds must not depend on which others are asked with it.
        for side in sorted({self._side(space) for space in missing.values()}):
            group = {key: space for key, space in missing.items() if self._side(space) == side}
            found |= zip(group, self._measured(list(group.values()), one, side), strict=True)
        return [self._stored(key, found.get(key)) for key in keys]

    def _side(self, space: Embeddings) -> int:
        return max(MIN_SIDE, self.pipeline.method_of(space).min_side)

    def _known(self, key: str) -> bool:
        return self.pipeline.store.find("robustness", key) is not None

    def _key(self, space: Embeddings, one: Transformation | None) -> str:
        counted = np.packbits(self.sample.counts).tobytes().hex()
        return key_of(
            "robustness",
            embeddings=space.key,
            transformation=one.id if one else UNCHANGED,
            levels=list(one.levels) if one else [0],
            rows=self.sample.rows.tolist(),
            rivals=self.sample.rivals.tolist(),
            counts=counted,
            version=VERSION,
        )

    def _stored(self, key: str, found: Outcome | None) -> Outcome:
        def build(directory: Path) -> None:
            assert found is not None
            arrays: dict[str, npt.NDArray[Any]] = {
                "ranks": found.ranks,
                "similarity": found.similarity,
                "percentile": found.percentile,
            }
            write_arrays(directory, {"chance": found.chance}, arrays)

        facts, arrays = read_arrays(self.pipeline.store.compute("robustness", key, build, self.progress))
        return Outcome(arrays["ranks"], arrays["similarity"], arrays["percentile"], facts["chance"])

    def _measured(self, spaces: Sequence[Embeddings], one: Transformation | None, side: int) -> list[Outcome]:
        methods = [self.pipeline.method_of(space) for space in spaces]
        edits = [_edit(one, level) for level in (one.levels if one else (0.0,))]
        told = f"Transforming: {one.title if one else UNCHANGED}"
        vectors = _embedded(methods, self._prepared(methods, edits, side, told))
        n = len(self.sample.rows)
        shaped = [found.reshape(n, len(edits), -1).swapaxes(0, 1) for found in vectors]
        return [self._judged(space, found) for space, found in zip(spaces, shaped, strict=True)]

    def _prepared(
        self, methods: Sequence[Method], edits: Sequence[Callable[[Image], Image]], side: int, told: str
    ) -> Iterator[list[list[Array]]]:
        """Of each picture, by edit, what each method needs of it."""

        def prepare(image: Image) -> list[list[Array]]:
            small = shrunk(image, side)
            return [[method.prepare(edited) for method in methods] for edited in (edit(small) for edit in edits)]

        rows = self.sample.rows.tolist()
        self.progress(told, 0, len(rows))
        for done, (_, found) in enumerate(images.stream(self.reader, rows, prepare, min_side=side, ahead=4), start=1):
            if isinstance(found, ImgsimError):
                raise InputError(f"{found}; the collection has changed since it was opened, open it again.")
            yield found
            self.progress(told, done, len(rows))

    def _judged(self, space: Embeddings, vectors: Float) -> Outcome:
        """Ranks, similarities and percentiles of (L, S, D) vectors of the transformed pictures."""
        n_levels, n, dim = vectors.shape
        rivals, own = np.asarray(space.vectors[self.sample.rivals]), np.asarray(space.vectors[self.sample.rows])
        asking = vectors.reshape(-1, dim)
        blocks = neighbors.DistanceBlocks(np.concatenate([rivals, asking]), space.metric)
        far = blocks(np.arange(len(rivals), len(rivals) + len(asking), dtype=np.int32))[:, : len(rivals)]
        at = np.tile(np.searchsorted(self.sample.rivals, self.sample.rows), n_levels)
        counts = np.tile(self.sample.counts, (n_levels, 1))
        to_own = neighbors.pair_distances(np.tile(own, (n_levels, 1)), asking, space.metric)
        ranks = own_ranks(far[np.arange(len(asking)), at], far, counts)
        alike = neighbors.similarity(to_own, space.metric, dim)
        strange = neighbors.similarity(far, space.metric, dim)[counts]
        shape = (n_levels, n)
        return Outcome(
            ranks.reshape(shape),
            alike.reshape(shape).astype(np.float32),
            self.pipeline.percentiles(space, to_own).reshape(shape).astype(np.float32),
            float(strange.mean()),
        )


def shrunk(image: Image, min_side: int = MIN_SIDE) -> Image:
    """The picture with a short side of at most twice `min_side`: edits of a huge one take long and show no more."""
    height, width = image.shape[:2]
    scale = 2 * min_side / min(height, width)
    if scale >= 1:
        return image
    from PIL import Image as Pil

    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Pil.fromarray(image).resize(size, Pil.Resampling.LANCZOS))


def _edit(one: Transformation | None, level: float) -> Callable[[Image], Image]:
    return lambda image: one.apply(image, level) if one else image


def _embedded(methods: Sequence[Method], prepared: Iterator[list[list[Array]]]) -> list[Float]:
    """A method's (S * L, D) vectors, in the order of pictures, then edits; in batches of the method's size."""
    batches = [Batch(method) for method in methods]
    found: list[list[Float]] = [[] for _ in methods]
    for picture in prepared:
        for of_edit in picture:
            for batch, parts, array in zip(batches, found, of_edit, strict=True):
                parts.append(batch.add(array))
    return [np.concatenate([*parts, batch.flush()]) for batch, parts in zip(batches, found, strict=True)]
