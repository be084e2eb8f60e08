"""One study: the normal pictures of a source teach a detector, in parts, and every picture is judged by one that has
learnt nothing from its group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imgsim import embedding
from imgsim.anomalies.cohort import Bools, Codes
from imgsim.anomalies.detector import Features, Fitted, blocks
from imgsim.anomalies.patches import patch_features
from imgsim.anomalies.request import Rows, Setup, StudyRequest, concrete
from imgsim.errors import ImgsimError, InputError
from imgsim.methods import Array, Method
from imgsim.methods.worn import Worn
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Float, Metric

MOST_LEARNT = 2000  # normal pictures whose patches are learnt from, drawn at random where there are more
_BLOCK = 256  # pictures judged at a time


@dataclass(frozen=True, eq=False)
class Findings:
    """M judged pictures of one collection.

    Attributes:
        key: content key.
        collection: where they are from; `collection_key` is that of its scan.
        rows: (M,) which of its pictures they are, ascending.
        scores: (M,) in the unit of the detector, larger is stranger.
        maps: (M, h, w) of the parts, where the detector sees parts.
        truth: (M,) 1 anomalous, 0 normal, -1 not known.
        learnt: (M,) whether a picture was among those that were learnt from, in the other parts of the split.
        normal_scores: (K,) of the normal pictures, each judged by a detector that had not seen its group.
        normal_folds: (K,) in which part.
        all_normal: nothing said which pictures are normal, so all were taken as such.
        notes: what a person should know.
    """

    key: str
    collection: Collection
    collection_key: str
    rows: Rows
    scores: Float
    maps: Float | None
    truth: Codes
    learnt: Bools
    normal_scores: Float
    normal_folds: Codes
    all_normal: bool
    notes: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """(M,) ids of the judged pictures."""
        return tuple(self.collection.ids[row] for row in self.rows)


def study(pipeline: Pipeline, request: StudyRequest, progress: Progress = silent) -> Findings:
    """Judge every picture of a request, or read it from the store.

    Raises:
        InputError: a source, field, value, method or detector is not known, or normal pictures are too few.
        UnavailableError: the method lacks weights or a package.
    """
    for source in filter(None, (request.source, request.test)):
        pipeline.scan(source, progress)
    setup = concrete(pipeline, request)

    def build(directory: Path) -> None:
        scores, maps = _judge(pipeline, setup, progress)
        write_arrays(directory, {}, {"scores": scores, **({"maps": maps} if maps is not None else {})})

    pipeline.store.compute("anomalies", setup.key, build, progress)
    return _findings(pipeline, request, setup)


def found(pipeline: Pipeline, request: StudyRequest) -> Findings | None:
    """The same if the store has it, else None; quick.

    Raises:
        InputError: as `study`.
    """
    if not all(pipeline.collection_key(source) for source in filter(None, (request.source, request.test))):
        return None
    setup = concrete(pipeline, request)
    return _findings(pipeline, request, setup) if pipeline.store.find("anomalies", setup.key) else None


def _findings(pipeline: Pipeline, request: StudyRequest, setup: Setup) -> Findings:
    folder = pipeline.store.find("anomalies", setup.key)
    if folder is None:
        raise InputError("a study must be kept by the store, got one that is gone; raise its limit and look again.")
    arrays = read_arrays(folder)[1]
    members, shown = setup.cohort, slice(setup.start, None)
    key = pipeline.collection_key(request.test or request.source)
    scores = np.asarray(arrays["scores"])
    maps = arrays.get("maps")
    return Findings(
        key=setup.key,
        collection=setup.parts[setup.shown][0],
        collection_key=str(key),
        rows=setup.parts[setup.shown][1],
        scores=scores[shown],
        maps=None if maps is None else maps[shown],
        truth=members.truth[shown],
        learnt=members.normal[shown],
        normal_scores=scores[members.normal],
        normal_folds=members.folds[members.normal],
        all_normal=setup.all_normal,
        notes=_notes(setup),
    )


def _notes(setup: Setup) -> tuple[str, ...]:
    members = setup.cohort
    notes = []
    n_groups = len(np.unique(members.groups[members.normal]))
    if n_groups < members.normal.sum():
        notes.append(f"{int(members.normal.sum()):,} normal pictures are {n_groups:,} groups; none was split.")
    if setup.detector.needs == "patches" and members.normal.sum() > MOST_LEARNT:
        notes.append(f"{MOST_LEARNT:,} normal pictures, drawn at random, were learnt from.")
    return tuple(notes)


def _judge(pipeline: Pipeline, setup: Setup, progress: Progress) -> tuple[Float, Float | None]:
    """Scores (N,) and maps (N, h, w) of all pictures, each by the detector of its part."""
    features, metric = _features(pipeline, setup, progress)
    members, n = setup.cohort, len(setup.cohort.folds)
    scores, maps = np.empty(n, np.float32), None
    random = np.random.default_rng(0)
    for part in range(members.n_folds):
        rows = _at_most(np.flatnonzero(members.normal & (members.folds != part)), setup, random)
        told = _part_of(progress, part, members.n_folds)
        fitted = setup.detector.fit(features(rows), metric, told)
        mine = np.flatnonzero(members.folds == part)
        for block in blocks(len(mine), _BLOCK):
            one = fitted.score(features(mine[block]))
            scores[mine[block]] = one.scores
            if one.maps is not None:
                maps = np.empty((n, *one.maps.shape[1:]), np.float32) if maps is None else maps
                maps[mine[block]] = one.maps
            progress(f"Judging pictures, part {part + 1} of {members.n_folds}", block.stop, len(mine))
    return scores, maps


def fit_all(pipeline: Pipeline, setup: Setup, progress: Progress) -> Fitted:
    """The detector of a study after all of its normal pictures, for pictures that are not in it."""
    features, metric = _features(pipeline, setup, progress)
    rows = _at_most(np.flatnonzero(setup.cohort.normal), setup, np.random.default_rng(0))
    return setup.detector.fit(features(rows), metric, progress)


def _at_most(rows: Rows, setup: Setup, random: np.random.Generator) -> Rows:
    """The rows that are learnt from."""
    if setup.detector.needs == "patches" and len(rows) > MOST_LEARNT:
        return np.sort(random.permutation(rows)[:MOST_LEARNT])
    return rows


def _part_of(progress: Progress, part: int, n_parts: int) -> Progress:
    return lambda stage, done, total: progress(f"{stage}, part {part + 1} of {n_parts}", done, total)


def _features(pipeline: Pipeline, setup: Setup, progress: Progress) -> tuple[Callable[[Any], Features], Metric]:
    """What gives the features of rows of all N pictures, and the metric of the method."""
    if setup.detector.needs == "patches":
        arrays: list[Any] = [
            patch_features(pipeline, c, setup.method, setup.detector.patches, progress) for c, _ in setup.parts
        ]
        metric: Metric = "euclidean"
    else:
        arrays, metric = _embeddings(pipeline, setup, progress)
    where = [(array, int(row)) for array, (_, rows) in zip(arrays, setup.parts, strict=True) for row in rows]
    return lambda rows: np.stack([where[row][0][where[row][1]] for row in rows]), metric


def _embeddings(pipeline: Pipeline, setup: Setup, progress: Progress) -> tuple[list[Float], Metric]:
    first = pipeline.embed(setup.parts[0][0], [setup.method], progress)[0]
    others = [collection for collection, _ in setup.parts[1:]]
    if setup.method.needs_fit or isinstance(setup.method, Worn):  # one space: learnt from the normal pictures
        learnt = pipeline.method_of(first)
        vectors = [_embedded(pipeline, collection, learnt, progress) for collection in others]
    else:
        vectors = [pipeline.embed(collection, [setup.method], progress)[0].vectors for collection in others]
    return [first.vectors, *vectors], first.metric


def _embedded(pipeline: Pipeline, collection: Collection, method: Method, progress: Progress) -> Float:
    """(N, D) of a collection by a method that has learnt from another."""

    def prepare(image: Any) -> list[Array]:
        return [method.prepare(image)]

    rows, found = range(len(collection)), []
    stream: embedding.Prepared = pipeline.prepared(collection, rows, prepare, method.min_side)
    for row, prepared in stream:
        if isinstance(prepared, ImgsimError):
            raise InputError(f"{prepared}; the collection has changed since it was opened, open it again.")
        found.append(method.embed_batch(prepared)[0])
        progress(f"Embedding with {method.title}", row + 1, len(collection))
    return np.stack(found) if found else np.empty((0, method.dim), np.float32)
