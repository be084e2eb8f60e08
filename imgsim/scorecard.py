"""Scorecards: how well methods serve a label of a collection, and what each costs; kept in the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from imgsim.evaluation.retrieval import N_QUERIES, Retrieval, retrieval
from imgsim.methods import Method
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.types import Collection, Embeddings, Field, Metric, key_of

VERSION = 1


@dataclass(frozen=True)
class Scorecard:
    """One method on one label.

    Attributes:
        method: method spec.
        retrieval: the measures.
        dim: D.
        images_per_s: embedding speed when the vectors were computed, decoding included.
        bytes_per_image: what a vector takes: 4 bytes a dimension, of bits one bit.
    """

    method: str
    retrieval: Retrieval
    dim: int
    images_per_s: float
    bytes_per_image: int


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
        _scorecard(pipeline, embeddings, _judged(pipeline, embeddings, labels, k, n_queries, seed, progress))
        for embeddings in found
    ]


def _scorecard(pipeline: Pipeline, embeddings: Embeddings, judged: Retrieval) -> Scorecard:
    facts = pipeline.embedding_facts(embeddings)
    speed = len(embeddings.ids) / facts["seconds"] if facts["seconds"] else float("inf")
    n_bytes = bytes_per_image(embeddings.dim, embeddings.metric)
    return Scorecard(facts["spec"], judged, embeddings.dim, speed, n_bytes)


def bytes_per_image(dim: int, metric: Metric) -> int:
    """Bytes of a vector of D float32 numbers, or of D bits."""
    return -(-dim // 8) if metric == "hamming" else 4 * dim


def _judged(
    pipeline: Pipeline, embeddings: Embeddings, labels: Field, k: int, n_queries: int, seed: int, progress: Progress
) -> Retrieval:
    def build(directory: Path) -> None:
        blocks = pipeline.blocks(embeddings, progress)
        judged = retrieval(labels, blocks, k=k, n_queries=n_queries, seed=seed, progress=_named(progress))
        (directory / "retrieval.json").write_text(json.dumps(asdict(judged)))

    key = key_of(
        "scorecard",
        embeddings=embeddings.key,
        labels=[str(label) for label in labels],
        k=k,
        n_queries=n_queries,
        seed=seed,
        version=VERSION,
    )
    stored = json.loads((pipeline.store.compute("scorecard", key, build, progress) / "retrieval.json").read_text())
    intervals = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return Retrieval(**stored | intervals)


def _named(progress: Progress) -> Progress:
    return lambda _, done, total: progress("Asking every image for its class", done, total)
