"""What is a method blind to? Pictures of a collection are transformed ever more strongly and look for their originals.

A seeded sample of the images is transformed at each strength, embedded by each method as new pictures, and searched
for in the collection. *Recall@1* is the share that finds its own original first, *similarity* that to the original, and
*percentile* the share of random pairs that are farther apart than picture and original: unlike similarities it can be
compared between methods. An exact copy of the original, and what shares its value of the field `same`, is no rival. At
most 2,000 rivals are asked, drawn once for all methods. Re-ranking that a method wears is left out. Results lie in the
store, one a method and transformation.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim import images, neighbors
from imgsim.errors import ImgsimError, InputError
from imgsim.evaluation.bootstrap import Interval, bootstrap_interval
from imgsim.evaluation.robustness import own_ranks, wilson_interval
from imgsim.images.transformations import TRANSFORMATIONS, Transformation, transformation
from imgsim.methods import Array, Method
from imgsim.parameters import format_spec
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Float, Image, key_of

VERSION = 2
N_IMAGES = 60  # pictures that are transformed
MIN_SIDE = 256  # least side to which pictures are decoded; those with a short side above twice it are shrunk
N_RIVALS = 2000  # most images among which each looks for its original
UNCHANGED = "unchanged"

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """One method at one strength of one transformation, over the sample; intervals are at 95 %.

    Attributes:
        method: its name in `Sweep.similarity_by_chance`.
        transformation, strength: what was done to the pictures; at strength 0 nothing.
        recall_at_1: share of pictures whose nearest is their own original, 0 to 1, with `recall_at_1_ci` (Wilson).
        median_rank: of the original, from 1.
        similarity: mean similarity to the original in the method's own scale, with `similarity_ci` (bootstrap).
        percentile: mean share of random pairs farther apart, 0 to 100.
    """

    method: str
    transformation: str
    strength: float
    recall_at_1: float
    recall_at_1_ci: Interval
    median_rank: float
    similarity: float
    similarity_ci: Interval
    percentile: float


@dataclass(frozen=True)
class Sweep:
    """What `measure` found.

    Attributes:
        points: by method, then transformation, then ascending strength, 0 among them.
        n_images, n_rivals: pictures transformed, and images among which each looks for its original.
        recall_by_chance: recall@1 of a method that guesses.
        similarity_by_chance: by method, mean similarity of the unchanged pictures to the rivals.
    """

    points: tuple[Point, ...]
    n_images: int
    n_rivals: int
    recall_by_chance: float
    similarity_by_chance: dict[str, float]


@dataclass(frozen=True, eq=False)
class Sample:
    """Which pictures are transformed, and who their rivals are.

    Attributes:
        rows: (S,) rows of the pictures.
        rivals: (M,) rows that are searched.
        counts: (S, M) whether a rival counts for a picture: it is no copy and of another family.
    """

    rows: Rows
    rivals: Rows
    counts: npt.NDArray[np.bool_]


def family_field(collection: Collection) -> str:
    """The field that says which images are edits of one photo, where a collection has it; else ""."""
    return "photo" if {"photo", "edit"} <= set(collection.fields) else ""


def choose(collection: Collection, n_images: int, same: str = "", seed: int = 0) -> Sample:
    """A seeded sample of at most `n_images`, one a family where `same` names a field, and its rivals.

    Raises:
        InputError: fewer than one picture is asked for, or the collection has no two images to tell apart.
        UnknownIdError: no field `same`.
    """
    if n_images < 1:
        raise InputError(f"images must be 1 or more, got {n_images}; ask for some.")
    families = collection.field(same).astype(str) if same else np.asarray(collection.hashes)
    _, first = np.unique(families, return_index=True)
    if len(first) < 2:
        raise InputError(f"{collection.name} must have two different images, got {len(first)}; add images to it.")
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(first)[:n_images])
    others = random.permutation(np.setdiff1d(np.arange(len(collection)), rows))
    rivals = np.sort(np.concatenate([rows, others[: max(0, N_RIVALS - len(rows))]]))
    hashes = np.asarray(collection.hashes)
    counts = families[rows][:, None] != families[rivals]
    return Sample(rows, rivals, counts & (hashes[rows][:, None] != hashes[rivals]))


def measure(
    pipeline: Pipeline,
    collection: Collection,
    methods: Sequence[Method],
    transformations: Sequence[str] = tuple(TRANSFORMATIONS),
    *,
    n_images: int = N_IMAGES,
    same: str = "",
    seed: int = 0,
    names: Sequence[str] = (),
    progress: Progress = silent,
) -> Sweep:
    """Every method against every strength of every transformation; what the store has is not computed again.

    `names` are what the methods are called in the answer, their full specs without it.

    Raises:
        InputError: no method, an unknown transformation, or a collection without two different images.
        UnavailableError: a method lacks weights or a package.
    """
    if not methods:
        raise InputError("methods must be one or more, got none; name a method.")
    chosen = [transformation(id) for id in transformations]
    sample = choose(collection, n_images, same, seed)
    spaces = pipeline.embed(collection, methods, progress)
    specs = list(names) or [format_spec(method.id, method.params) for method in methods]
    run = _Run(pipeline, collection, spaces, sample, progress)
    start = run.outcomes(None)
    points: dict[tuple[str, str], list[Point]] = {}
    for one in chosen:
        for spec, zero, found in zip(specs, start, run.outcomes(one), strict=True):
            points[spec, one.id] = _points(spec, one, zero, found, seed)
    ordered = [point for spec in specs for one in chosen for point in points[spec, one.id]]
    chance = 1 / (1 + float(sample.counts.sum(axis=1).mean()))
    known = {spec: float(zero.chance) for spec, zero in zip(specs, start, strict=True)}
    return Sweep(tuple(ordered), len(sample.rows), len(sample.rivals), chance, known)


@dataclass(frozen=True, eq=False)
class _Outcome:
    """One method under one transformation: (L, S) ranks, similarities and percentiles; mean similarity to rivals."""

    ranks: npt.NDArray[np.int64]
    similarity: Float
    percentile: Float
    chance: float


class _Run:
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

    def outcomes(self, one: Transformation | None) -> list[_Outcome]:
        """One a method, for the unchanged pictures without a transformation; those not in the store in one pass."""
        keys = [self._key(space, one) for space in self.spaces]
        missing = {key: space for key, space in zip(keys, self.spaces, strict=True) if not self._known(key)}
        found: dict[str, _Outcome] = {}
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

    def _stored(self, key: str, found: _Outcome | None) -> _Outcome:
        def build(directory: Path) -> None:
            assert found is not None
            arrays: dict[str, npt.NDArray[Any]] = {
                "ranks": found.ranks,
                "similarity": found.similarity,
                "percentile": found.percentile,
            }
            write_arrays(directory, {"chance": found.chance}, arrays)

        facts, arrays = read_arrays(self.pipeline.store.compute("robustness", key, build, self.progress))
        return _Outcome(arrays["ranks"], arrays["similarity"], arrays["percentile"], facts["chance"])

    def _measured(self, spaces: Sequence[Embeddings], one: Transformation | None, side: int) -> list[_Outcome]:
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

    def _judged(self, space: Embeddings, vectors: Float) -> _Outcome:
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
        return _Outcome(
            ranks.reshape(shape),
            alike.reshape(shape).astype(np.float32),
            self.pipeline.percentiles(space, to_own).reshape(shape).astype(np.float32),
            float(strange.mean()),
        )


def _edit(one: Transformation | None, level: float) -> Callable[[Image], Image]:
    return lambda image: one.apply(image, level) if one else image


def shrunk(image: Image, min_side: int = MIN_SIDE) -> Image:
    """The picture with a short side of at most twice `min_side`: edits of a huge one take long and show no more."""
    height, width = image.shape[:2]
    scale = 2 * min_side / min(height, width)
    if scale >= 1:
        return image
    from PIL import Image as Pil

    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Pil.fromarray(image).resize(size, Pil.Resampling.LANCZOS))


def _embedded(methods: Sequence[Method], prepared: Iterator[list[list[Array]]]) -> list[Float]:
    """A method's (S * L, D) vectors, in the order of pictures, then edits; in batches of the method's size."""
    waiting: list[list[Array]] = [[] for _ in methods]
    found: list[list[Float]] = [[] for _ in methods]

    def flush(at: int) -> None:
        if waiting[at]:
            found[at].append(methods[at].embed_batch(waiting[at]))
            waiting[at] = []

    for picture in prepared:
        for of_edit in picture:
            for at, array in enumerate(of_edit):
                waiting[at].append(array)
                if len(waiting[at]) >= methods[at].batch_size:
                    flush(at)
    for at in range(len(methods)):
        flush(at)
    return [np.concatenate(parts) for parts in found]


def _points(spec: str, one: Transformation, zero: _Outcome, found: _Outcome, seed: int) -> list[Point]:
    levels = [(0.0, zero, 0), *((level, found, at) for at, level in enumerate(one.levels))]
    return [_point(spec, one.id, level, of, at, seed) for level, of, at in sorted(levels, key=lambda item: item[0])]


def _point(spec: str, id: str, level: float, of: _Outcome, at: int, seed: int) -> Point:
    ranks, alike = of.ranks[at], np.asarray(of.similarity[at], np.float64)
    hits, n = int((ranks == 1).sum()), len(ranks)
    return Point(
        spec,
        id,
        float(level),
        hits / n,
        wilson_interval(hits, n),
        float(np.median(ranks)),
        float(alike.mean()),
        bootstrap_interval(alike, seed=seed),
        float(np.mean(of.percentile[at])),
    )


def table_csv(points: Sequence[Mapping[str, Any]]) -> str:
    """Points, as mappings, as CSV with a header; an interval becomes two columns."""
    text, rows = io.StringIO(), [_flat(point) for point in points]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(point: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in point.items():
        if name.endswith("_ci"):
            row |= {name.replace("_ci", "_low"): value[0], name.replace("_ci", "_high"): value[1]}
        else:
            row[name] = value
    return row


@dataclass(frozen=True, eq=False)
class Look:
    """One picture, transformed, and what a method finds for it.

    Attributes:
        rank: of its own original, from 1, among `n_rivals` others; a tie counts against the method.
        similarity: to the original, in the method's own scale.
        percentile: share of random pairs that are farther apart, 0 to 100.
        indices, distances: (k,) the nearest images, the original among them where it is one.
    """

    rank: int
    n_rivals: int
    similarity: float
    percentile: float
    indices: npt.NDArray[np.int32]
    distances: Float


def look(
    pipeline: Pipeline,
    collection: Collection,
    space: Embeddings,
    row: int,
    edited: Image,
    *,
    k: int = 11,
    same: str = "",
) -> Look:
    """What a method finds for a transformed picture of the collection, and where its own original stands.

    Args:
        pipeline: where the embeddings lie.
        collection: the images.
        space: their embeddings.
        row: the original.
        edited: (H, W, 3) uint8, the transformed picture.
        k: how many of the nearest to give.
        same: field whose equal values are edits of one picture and no rivals; "" for none.
    """
    vector = pipeline.embed_image(space, edited)
    k = min(max(k, 1), len(collection))
    indices, distances = neighbors.search(space.vectors, vector[None], space.metric, len(collection))
    to_own = float(distances[0][indices[0] == row][0])
    counts = _rivals(collection, row, same)
    rank = own_ranks(np.array([to_own]), distances, counts[indices[0]][None])[0]
    alike = neighbors.similarity(np.array([to_own]), space.metric, space.dim)[0]
    closer = pipeline.percentile(space, to_own)
    return Look(int(rank), int(counts.sum()), float(alike), closer, indices[0][:k], distances[0][:k])


def _rivals(collection: Collection, row: int, same: str) -> npt.NDArray[np.bool_]:
    """(N,) the images that are neither the original nor its copy nor of its family."""
    hashes = np.asarray(collection.hashes)
    counts = hashes != hashes[row]
    if same:
        families = collection.field(same).astype(str)
        counts &= families != families[row]
    return np.asarray(counts)
