"""Scorecards: how well methods serve a label of a collection, and what each costs; kept in the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from imgsim.evaluation.bootstrap import Interval, bootstrap_interval
from imgsim.evaluation.retrieval import MEASURES, N_QUERIES, Distances, Retrieval, labelled, retrieval
from imgsim.evaluation.silhouette import silhouettes
from imgsim.methods import Method
from imgsim.neighbors import DistanceBlocks
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.types import Collection, Embeddings, Field, Metric, key_of

VERSION = 3
RANDOM = "random vectors"  # the method of `random_card`
RANDOM_DIM = 64
SHUFFLED = "shuffled labels"  # the method of `shuffled_card`


@dataclass(frozen=True)
class Scorecard:
    """One method on one label.

    Attributes:
        method: method spec.
        retrieval: the measures.
        dim: D.
        images_per_s: embedding speed when the vectors were computed, decoding included.
        bytes_per_image: what a vector takes: 4 bytes a dimension, of bits one bit.
        silhouette: mean over the labelled images, -1 to 1, with `silhouette_ci`; NaN of a single class.
        fit_seconds: what learning from a sample took, 0 for a method that learns nothing, None where it is not known.
    """

    method: str
    retrieval: Retrieval
    dim: int
    images_per_s: float
    bytes_per_image: int
    silhouette: float
    silhouette_ci: Interval
    fit_seconds: float | None

    def measures(self) -> dict[str, tuple[float, Interval]]:
        """Every measure by name, with its interval."""
        judged = self.retrieval
        found = {name: (getattr(judged, name), getattr(judged, f"{name}_ci")) for name in MEASURES}
        return {**found, "silhouette": (self.silhouette, self.silhouette_ci)}


def evaluate(
    pipeline: Pipeline,
    collection: Collection,
    methods: Sequence[Method],
    label: str,
    *,
    k: int = 5,
    n_queries: int = N_QUERIES,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Scorecard]:
    """One scorecard a method; what the store has is not computed again.

    Raises:
        InputError: no field of that name, or no two images share a label.
        UnavailableError: a method lacks weights or a package.
    """
    labels = collection.field(label)
    found = pipeline.embed(collection, methods, progress)
    return [
        _scorecard(pipeline, space, _judged(pipeline, space, labels, k, n_queries, seed, progress)) for space in found
    ]


def random_card(
    labels: Field, *, k: int = 5, n_queries: int = N_QUERIES, seed: int = 0, progress: Progress = silent
) -> Scorecard:
    """What vectors that know nothing of the images would score: normal random numbers, by cosine.

    Raises:
        InputError: no two images share a label.
    """
    vectors = np.random.default_rng(seed).standard_normal((len(labels), RANDOM_DIM), np.float32)
    judged = _measured(labels, DistanceBlocks(vectors, "cosine"), k, n_queries, seed, progress)
    return Scorecard(RANDOM, judged.retrieval, RANDOM_DIM, float("inf"), 4 * RANDOM_DIM, *judged.silhouette, 0.0)


def shuffled_card(
    pipeline: Pipeline,
    collection: Collection,
    method: Method,
    label: str,
    *,
    k: int = 5,
    n_queries: int = N_QUERIES,
    seed: int = 0,
    progress: Progress = silent,
) -> Scorecard:
    """What a method scores when the labels are dealt out anew to the images that have one: chance, by every measure.

    Raises:
        InputError: no field of that name, or no two images share a label.
        UnavailableError: the method lacks weights or a package.
    """
    labels = collection.field(label).copy()
    known = labelled(labels)
    labels[known] = np.random.default_rng(seed).permutation(labels[known])
    space = pipeline.embed(collection, [method], progress)[0]
    card = _scorecard(pipeline, space, _judged(pipeline, space, labels, k, n_queries, seed, progress))
    return replace(card, method=SHUFFLED)


@dataclass(frozen=True)
class _Judged:
    """The measures of a space; `silhouette` is the mean and its interval."""

    retrieval: Retrieval
    silhouette: tuple[float, Interval]


def _scorecard(pipeline: Pipeline, embeddings: Embeddings, judged: _Judged) -> Scorecard:
    facts = pipeline.embedding_facts(embeddings)
    speed = len(embeddings.ids) / facts["seconds"] if facts["seconds"] else float("inf")
    n_bytes = bytes_per_image(embeddings.dim, embeddings.metric)
    fit = facts.get("fit_seconds")
    return Scorecard(facts["spec"], judged.retrieval, embeddings.dim, speed, n_bytes, *judged.silhouette, fit)


def bytes_per_image(dim: int, metric: Metric) -> int:
    """Bytes of a vector of D float32 numbers, or of D bits."""
    return -(-dim // 8) if metric == "hamming" else 4 * dim


def _judged(
    pipeline: Pipeline, embeddings: Embeddings, labels: Field, k: int, n_queries: int, seed: int, progress: Progress
) -> _Judged:
    def build(directory: Path) -> None:
        blocks = pipeline.blocks(embeddings, progress)
        judged = _measured(labels, blocks, k, n_queries, seed, progress)
        (directory / "judged.json").write_text(json.dumps(asdict(judged)))

    key = key_of(
        "scorecard",
        embeddings=embeddings.key,
        labels=[str(label) for label in labels],
        k=k,
        n_queries=n_queries,
        seed=seed,
        version=VERSION,
    )
    stored = json.loads((pipeline.store.compute("scorecard", key, build, progress) / "judged.json").read_text())
    told = stored["retrieval"]
    intervals = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    value, interval = stored["silhouette"]
    return _Judged(Retrieval(**told | intervals), (value, tuple(interval)))


def _measured(labels: Field, blocks: Distances, k: int, n_queries: int, seed: int, progress: Progress) -> _Judged:
    told = _named("Asking every image for its class", progress)
    judged = retrieval(labels, blocks, k=k, n_queries=n_queries, seed=seed, progress=told)
    if judged.n_classes < 2:
        return _Judged(judged, (float("nan"), (float("nan"), float("nan"))))
    told = _named("Looking how far apart the classes lie", progress)
    found = silhouettes(labels, blocks, n_queries=n_queries, seed=seed, progress=told)
    return _Judged(judged, (float(found.mean()), bootstrap_interval(found, seed=seed)))


def _named(stage: str, progress: Progress) -> Progress:
    return lambda _, done, total: progress(stage, done, total)
