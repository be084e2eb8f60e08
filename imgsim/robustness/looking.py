"""One picture, transformed: what a method finds for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim import neighbors
from imgsim.evaluation.robustness import own_ranks
from imgsim.pipeline import Pipeline
from imgsim.robustness.sample import rivals
from imgsim.types import Collection, Embeddings, Float, Image


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
    counts = rivals(collection, np.array([row]), np.arange(len(collection)), same)[0]
    rank = own_ranks(np.array([to_own]), distances, counts[indices[0]][None])[0]
    alike = neighbors.similarity(np.array([to_own]), space.metric, space.dim)[0]
    closer = pipeline.percentile(space, to_own)
    return Look(int(rank), int(counts.sum()), float(alike), closer, indices[0][:k], distances[0][:k])
