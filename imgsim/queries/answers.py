"""From a query to the images that answer it, by one method or several, among those that the filters let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim import neighbors
from imgsim.errors import InputError
from imgsim.neighbors import fusion
from imgsim.neighbors.feedback import AVERAGED, STANDARD, Weights, joined_ranks, moved_query
from imgsim.pipeline import Pipeline
from imgsim.queries.examples import Example, vector
from imgsim.types import Collection, Embeddings, Float, Match

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Query:
    """What is looked for.

    Attributes:
        example: a picture or words; None where there are likes only.
        likes: more like these.
        dislikes: less like these.
        weights: how much each part counts.
    """

    example: Example | None = None
    likes: tuple[Example, ...] = ()
    dislikes: tuple[Example, ...] = ()
    weights: Weights = STANDARD

    @property
    def examples(self) -> list[Example]:
        """All of them."""
        return [*([self.example] if self.example else []), *self.likes, *self.dislikes]

    @property
    def plain(self) -> bool:
        """Whether it is one example and nothing else."""
        return self.example is not None and not self.likes and not self.dislikes

    def rows(self) -> list[int]:
        """Rows of the collection that the query is made of; they are no answers."""
        return sorted({example.row for example in self.examples if example.row is not None})


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found.

    Attributes:
        matches: the nearest first. Of one method the score is its similarity; of several, or of joined rankings, it is
            the fused one and the distance is what it lacks to the best possible.
        percentiles: of each match, how many of 100 random pairs of the collection are farther apart; empty where the
            query is no single picture or the ranking no distance.
        n_candidates: how many images the filters let through.
        recall: what share of the true 10 nearest such a search finds, measured on a sample; None where it is exact.
    """

    matches: list[Match]
    percentiles: list[float]
    n_candidates: int
    recall: float | None = None


@dataclass(frozen=True, eq=False)
class _Ranking:
    """One method's: (N,) distances, or (N,) scores of joined rankings with the best that is possible."""

    distances: Float
    scores: Doubles | None = None
    best: float = 0.0


def search(
    pipeline: Pipeline,
    collection: Collection,
    spaces: Sequence[Embeddings],
    query: Query,
    *,
    k: int = 10,
    fuse: str = "rrf",
    allowed: npt.NDArray[np.bool_] | None = None,
) -> Answer:
    """The k images of a collection that answer a query best; those it is made of are left out.

    Args:
        pipeline: has the collection.
        collection: N images.
        spaces: its embeddings by one method or more.
        query: what is looked for.
        k: how many.
        fuse: how several methods are joined, one of `fusion.FUSIONS`.
        allowed: (N,) the images that may be found; all without it.

    Raises:
        InputError: the query is empty, a method cannot read its words, or percentiles of joined rankings are asked for.
    """
    if not query.examples:
        raise InputError("a query must have at least one example, got none; choose a picture, words or likes.")
    keep = np.ones(len(collection), bool) if allowed is None else np.array(allowed)
    keep[query.rows()] = False
    if len(spaces) == 1 and query.plain and keep.sum() >= len(keep) - 1:
        return _plain(pipeline, collection, spaces[0], query, k, int(keep.sum()))
    rankings = [_ranking(pipeline, collection, space, query) for space in spaces]
    rows = np.flatnonzero(keep)
    if len(spaces) == 1 and rankings[0].scores is None:
        return _by_distance(pipeline, collection, spaces[0], rankings[0].distances, rows, query, k)
    scores, best = _fused(pipeline, spaces, rankings, fuse)
    order = rows[np.argsort(-scores[rows], kind="stable")][:k]
    matches = [
        Match(collection.ids[j], float(scores[j]), float(best - scores[j]), rank, collection.record(int(j)))
        for rank, j in enumerate(order, start=1)
    ]
    return Answer(matches, [], len(rows))


def _plain(
    pipeline: Pipeline, collection: Collection, space: Embeddings, query: Query, k: int, n_candidates: int
) -> Answer:
    """One example, one method, no filter: as the pipeline searches, with all that the method wears."""
    assert query.example is not None
    asked = vector(pipeline, collection, space, query.example)
    matches = pipeline.search(collection, space, asked, k, exclude=query.example.row)
    index = pipeline.find_index(space)
    recall = None if index is None else index.search_recall
    return Answer(matches, _percentiles(pipeline, space, query, matches), n_candidates, recall)


def _by_distance(
    pipeline: Pipeline,
    collection: Collection,
    space: Embeddings,
    far: Float,
    rows: npt.NDArray[np.intp],
    query: Query,
    k: int,
) -> Answer:
    order = rows[np.argsort(far[rows], kind="stable")][:k]
    scores = neighbors.similarity(far[order], space.metric, space.dim)
    matches = [
        Match(collection.ids[j], float(score), float(far[j]), rank, collection.record(int(j)))
        for rank, (j, score) in enumerate(zip(order, scores, strict=True), start=1)
    ]
    return Answer(matches, _percentiles(pipeline, space, query, matches), len(rows))


def _ranking(pipeline: Pipeline, collection: Collection, space: Embeddings, query: Query) -> _Ranking:
    def far(example: Example) -> Float:
        own = example.row if example.region is None else None
        found = np.array(pipeline.distances(space, vector(pipeline, collection, space, example), own))
        if own is not None:
            found[own] = -1  # itself first, before its copies
        return found

    def asked(examples: Sequence[Example]) -> list[Float]:
        return [vector(pipeline, collection, space, example) for example in examples]

    if query.plain:
        assert query.example is not None
        return _Ranking(far(query.example))
    if space.metric in AVERAGED:
        first = asked([query.example])[0] if query.example else None
        moved = moved_query(first, asked(query.likes), asked(query.dislikes), space.metric, query.weights)
        return _Ranking(pipeline.distances(space, moved))
    example = None if query.example is None else far(query.example)
    scores = joined_ranks(example, [far(e) for e in query.likes], [far(e) for e in query.dislikes], query.weights)
    weights = query.weights
    best = (weights.query if query.example else 0) + (weights.likes if query.likes else 0)
    return _Ranking((-scores).astype(np.float32), scores, best / (fusion.RRF_K + 1))


def _fused(
    pipeline: Pipeline, spaces: Sequence[Embeddings], rankings: Sequence[_Ranking], how: str
) -> tuple[Doubles, float]:
    """(N,) scores of all methods together, and the best that is possible."""
    if len(rankings) == 1:
        assert rankings[0].scores is not None
        return rankings[0].scores, rankings[0].best
    shares: list[Doubles] = []
    if how == "comb_sum":
        if any(ranking.scores is not None for ranking in rankings):
            raise InputError("comb_sum must have distances of every method, got joined rankings; fuse by rrf instead.")
        shares = [pipeline.percentiles(space, r.distances) for space, r in zip(spaces, rankings, strict=True)]
    scores = fusion.fuse(how, [ranking.distances for ranking in rankings], shares)
    return scores, len(rankings) / (fusion.RRF_K + 1) if how == "rrf" else 1.0


def _percentiles(pipeline: Pipeline, space: Embeddings, query: Query, matches: Sequence[Match]) -> list[float]:
    """Against random pairs of pictures, which only a picture can be held against."""
    if not query.plain or (query.example and query.example.text):
        return []
    distances = np.array([match.distance for match in matches], np.float32)
    return [float(share) for share in pipeline.percentiles(space, distances)]
