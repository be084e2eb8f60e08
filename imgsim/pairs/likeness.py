"""Two images by many methods: how alike, against random pairs of a collection and against pairs of the same label.

A similarity alone says little, and nothing across methods. Its percentile does: how many of 100 random pairs of the
collection are farther apart by the same method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imgsim import neighbors
from imgsim.errors import ImgsimError
from imgsim.methods import METHODS, Method
from imgsim.methods.worn import Worn
from imgsim.pair_scores import PairScore
from imgsim.pairs.same_label import Rows, same_label_pairs
from imgsim.pairs.sides import Side, picture, subject_of
from imgsim.pairs.verdicts import verdict
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Field, Float, key_of

N_PAIRS = 10_000  # random pairs by vectors
N_SCORED = 100  # random pairs by a pair score, each of which looks at two pictures
VERSION = 1
Measured = tuple[float | None, float | None, float, float, int]  # similarity, distance, both percentiles, pairs


@dataclass(frozen=True)
class Likeness:
    """Two images by one method or pair score.

    Attributes:
        method: spec.
        similarity: larger is closer; None for a pair score that counts differences.
        distance: smaller is closer; None for a pair score that counts what agrees.
        percentile: how many of 100 random pairs are farther apart; None where there are no other pairs.
        same_label_percentile: the same of pairs of one label; None without labels.
        verdict: all of it in one plain sentence or two.
    """

    method: str
    similarity: float | None
    distance: float | None
    percentile: float | None
    same_label_percentile: float | None
    verdict: str


def compare(
    pipeline: Pipeline,
    collection: Collection,
    a: Side,
    b: Side,
    specs: Sequence[str],
    *,
    label: str = "",
    progress: Progress = silent,
) -> list[Likeness]:
    """How alike two images are by each method or pair score; what the store has is not computed again.

    Args:
        pipeline: where embeddings are kept.
        collection: whose random pairs are compared with, and on which vocabularies are learnt.
        a: an image.
        b: another.
        specs: of methods and pair scores.
        label: field whose pairs of one value are compared with too; "" for none.
        progress: told how far it is.

    Raises:
        InputError: an unknown spec, field, or an empty collection.
        UnavailableError: a method lacks weights or a package.
    """
    subjects = [subject_of(spec) for spec in specs]
    labels = collection.field(label) if label else None
    methods = [one for one in subjects if isinstance(one, Method)]
    spaces = iter(pipeline.embed(collection, methods, progress) if methods else [])
    found = []
    for done, (spec, one) in enumerate(zip(specs, subjects, strict=True)):
        progress("Comparing the two", done, len(specs))
        if isinstance(one, Method):
            measured: Measured = _by_vectors(pipeline, next(spaces), a, b, labels)
        else:
            measured = _by_score(pipeline, collection, one, a, b, label, progress)
        found.append(_likeness(spec, measured, label))
    progress("Comparing the two", len(specs), len(specs))
    return found


def _likeness(spec: str, found: Measured, label: str) -> Likeness:
    similarity, distance, random, same, n_pairs = found
    known, kin = (None if np.isnan(value) else float(value) for value in (random, same))
    return Likeness(spec, similarity, distance, known, kin, verdict(known, kin, label, n_pairs))


def _by_vectors(pipeline: Pipeline, space: Embeddings, a: Side, b: Side, labels: Field | None) -> Measured:
    vectors = [
        np.asarray(space.vectors[side]) if isinstance(side, int) else pipeline.embed_image(space, side)
        for side in (a, b)
    ]
    far = neighbors.distance(vectors[0], vectors[1], space.metric)
    same = np.nan if labels is None else neighbors.percentile(far, _kin(space, labels))
    similarity = neighbors.similarity(far, space.metric, space.dim)
    n_pairs = min(N_PAIRS, len(space.ids) * (len(space.ids) - 1) // 2)
    return float(similarity), far, _percentile(pipeline, space, far), float(same), n_pairs


def _percentile(pipeline: Pipeline, space: Embeddings, far: float) -> float:
    method = METHODS.create(space.method, **space.params)
    if isinstance(method, Worn) and method.graph_steps:  # the stored background is of re-ranked lists, a pair has none
        return float(neighbors.percentile(far, neighbors.background(space.vectors, space.metric)))
    return pipeline.percentile(space, far)


def _kin(space: Embeddings, labels: Field, step: int = 2048) -> Float:
    """Sorted distances of pairs of one label."""
    first, second = same_label_pairs(labels, N_PAIRS)
    parts = [
        neighbors.pair_distances(space.vectors[first[i : i + step]], space.vectors[second[i : i + step]], space.metric)
        for i in range(0, len(first), step)
    ]
    return np.sort(np.concatenate([np.empty(0, np.float32), *parts]))


def _by_score(
    pipeline: Pipeline, collection: Collection, score: PairScore, a: Side, b: Side, label: str, progress: Progress
) -> Measured:
    first, second = (score.prepare(picture(pipeline, collection, side, score.min_side)) for side in (a, b))
    value = score.score(first, second)
    sign = -1.0 if score.larger_is_closer else 1.0
    random, same = _scored(pipeline, collection, score, label, progress)
    near, kin = (float(neighbors.percentile(sign * value, np.sort(sign * values))) for values in (random, same))
    told = (value, None) if score.larger_is_closer else (None, value)
    return (*told, near, kin, len(random))


def _scored(
    pipeline: Pipeline, collection: Collection, score: PairScore, label: str, progress: Progress
) -> tuple[Float, Float]:
    """Scores of random pairs and of pairs of one label, from the store."""
    values = collection.field(label).astype(str).tolist() if label else []
    content: dict[str, Any] = {"collection": collection.fingerprint, "score": score.key, "n": N_SCORED}
    key = key_of("scored", **content, labels=key_of("labels", values=values), version=VERSION)

    def build(directory: Path) -> None:
        random = neighbors.random_pairs(len(collection), N_SCORED) if len(collection) > 1 else _NO_PAIRS
        same = same_label_pairs(collection.field(label), N_SCORED) if label else _NO_PAIRS
        scores = _score_pairs(pipeline, collection, score, (random, same), progress)
        write_arrays(directory, {"score": score.id}, {"random": scores[0], "same": scores[1]})

    arrays = read_arrays(pipeline.store.compute("scored", key, build, progress))[1]
    return np.asarray(arrays["random"]), np.asarray(arrays["same"])


_NO_PAIRS = (np.empty(0, np.int64), np.empty(0, np.int64))


def _score_pairs(
    pipeline: Pipeline, collection: Collection, score: PairScore, pairs: Sequence[tuple[Rows, Rows]], progress: Progress
) -> list[Float]:
    """The scores of lists of pairs; each image is prepared once, in the decoding threads."""
    wanted = np.unique(np.concatenate([rows for both in pairs for rows in both]))
    prepared = {}
    seen = pipeline.prepared(collection, wanted.tolist(), lambda image: [score.prepare(image)], score.min_side)
    for done, (row, image) in enumerate(seen):
        progress("Scoring random pairs", done, len(wanted))
        if not isinstance(image, ImgsimError):  # a file that has gone is in no pair
            prepared[row] = image[0]
    found = []
    for first, second in pairs:
        there = [both for both in zip(first.tolist(), second.tolist(), strict=True) if prepared.keys() >= set(both)]
        found.append(np.array([score.score(prepared[i], prepared[j]) for i, j in there], np.float32))
    progress("Scoring random pairs", len(wanted), len(wanted))
    return found
