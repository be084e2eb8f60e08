"""Rankers of a collection beyond one method: several methods fused, and candidates re-ranked by a pair score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgsim.neighbors import fusion
from imgsim.pair_scores import PairScore
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.types import Collection, Embeddings, Float, Image, Match, Neighbors, key_of


def fused_neighbors(
    pipeline: Pipeline, spaces: Sequence[Embeddings], how: str = "rrf", k: int = 30, progress: Progress = silent
) -> Neighbors:
    """The neighbour graph of several methods together; distance is the best possible score less the fused one."""
    n = len(spaces[0].ids)
    k = min(k, n - 1)
    indices, distances = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    top = len(spaces) / (fusion.RRF_K + 1) if how == "rrf" else 1.0
    blocks = [pipeline.blocks(space, progress) for space in spaces]
    for row in range(n):
        progress("Fusing neighbours", row, n)
        far = [np.array(block(np.array([row], np.int32))[0]) for block in blocks]
        for one in far:
            one[row] = -1  # itself first, before its copies, in every ranking
        shares = _percentiles(pipeline, spaces, far) if how == "comb_sum" else []
        scores = fusion.fuse(how, far, shares)
        indices[row] = fusion.best(scores, k, row)
        distances[row] = top - scores[indices[row]]
    key = key_of("fused", embeddings=[space.key for space in spaces], how=how, k=k, version=1)
    return Neighbors(key, indices, np.maximum(distances, 0), spaces[0].metric)


def rerank(
    pipeline: Pipeline,
    collection: Collection,
    query: Image,
    matches: Sequence[Match],
    score: PairScore,
    k: int = 10,
    progress: Progress = silent,
) -> list[Match]:
    """The k best of a method's matches by a pair score; a match's score and distance are the pair score's.

    The distance is the score with its sign turned where larger is closer.
    """
    asking, prepared = score.prepare(query), []
    for done, match in enumerate(matches):
        progress(f"Comparing by {score.title}", done, len(matches))
        prepared.append(score.prepare(pipeline.read_image(collection, collection.rows[match.id], score.min_side)))
    order, values = score.rank(asking, prepared)
    sign = -1 if score.larger_is_closer else 1
    return [
        Match(matches[j].id, float(value), float(sign * value), rank, matches[j].fields)
        for rank, (j, value) in enumerate(zip(order[:k], values[:k], strict=True), start=1)
    ]


def _percentiles(pipeline: Pipeline, spaces: Sequence[Embeddings], distances: Sequence[Float]) -> list[fusion.Doubles]:
    return [pipeline.percentiles(space, far) for space, far in zip(spaces, distances, strict=True)]
