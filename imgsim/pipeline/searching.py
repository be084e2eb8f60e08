"""The fourth stage: what is nearest to a vector, and how near that is against random pairs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim import neighbors
from imgsim.methods.worn import Worn, reranked
from imgsim.neighbors import approximate
from imgsim.pipeline.graph import GRAPH_K, Graph
from imgsim.pipeline.keys import background_key
from imgsim.pipeline.results import MapResult
from imgsim.pipeline.stage import RESIDENT
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Float, Ints, Match, Neighbors
from imgsim.workspace import Workspace


class Searching(Graph):
    """Matches, distances, and the background that tells near from far."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__(workspace)
        self._points = lru_cache(2)(_points)
        self._background = lru_cache(RESIDENT)(self._load_background)

    def neighbors_of(self, result: MapResult, row: int, k: int) -> list[Match]:
        """The k nearest of one image by the method's own distance."""
        found = result.neighbors
        return self._matches(result.collection, result.embeddings, found.indices[row, :k], found.distances[row, :k])

    def search(
        self, collection: Collection, embeddings: Embeddings, vector: Float, k: int, exclude: int | None = None
    ) -> list[Match]:
        """The k nearest images to a (D,) vector; `exclude` leaves one row out."""
        worn = self._worn_of(embeddings)
        own = exclude is not None and np.array_equal(vector, embeddings.vectors[exclude])
        if worn is not None and own:
            vector = worn.expand(vector[None])[0]
        if worn is not None and worn.graph_steps:
            found = self._reranked_search(worn, embeddings, vector, k, exclude, own)
            return self._matches(collection, embeddings, *found)
        more = k + (exclude is not None)
        index = self.find_index(embeddings)
        if index is not None:
            indices, distances = approximate.search(index.lists, vector[None], more, index.search_probes)
        else:
            indices, distances = neighbors.search(embeddings.vectors, vector[None], embeddings.metric, more)
        keep = indices[0] != (-1 if exclude is None else exclude)
        return self._matches(collection, embeddings, indices[0][keep][:k], distances[0][keep][:k])

    def distances(self, embeddings: Embeddings, vector: Float, row: int | None = None) -> Float:
        """(N,) exact distances of a (D,) vector from every image; `row` where it is that image's own vector.

        Re-ranking that a method wears counts for images of the collection only.
        """
        worn = self._worn_of(embeddings)
        if row is not None and worn is not None and (worn.query_steps or worn.graph_steps):
            return np.array(self.blocks(embeddings)(np.array([row], np.int32))[0])
        measure = neighbors.METRICS[embeddings.metric]
        return measure.pairs(self._points(embeddings), measure.prepare(np.asarray(vector, np.float32)[None])[0])

    def background(self, embeddings: Embeddings) -> Float:
        """Ascending distances of random pairs of the collection: what "far" is in this space."""
        return self._background(embeddings)

    def percentile(self, embeddings: Embeddings, distance: float) -> float:
        """How many of 100 random pairs of the collection are farther apart than this distance."""
        return float(neighbors.percentile(distance, self._background(embeddings)))

    def percentiles(self, embeddings: Embeddings, distances: Float) -> npt.NDArray[np.float64]:
        """The same of many distances."""
        return neighbors.percentile(distances, self._background(embeddings))

    def _reranked_search(
        self, worn: Worn, embeddings: Embeddings, vector: Float, k: int, exclude: int | None, own: bool
    ) -> tuple[Ints, Float]:
        if own and exclude is not None:
            graph = self.neighbors(embeddings, k)
            return graph.indices[exclude, :k], graph.distances[exclude, :k]
        plain = self._lists(embeddings, k)
        measure = neighbors.METRICS[embeddings.metric]
        to_all = measure.pairs(measure.prepare(embeddings.vectors), measure.prepare(vector[None])[0])
        indices, distances = neighbors.with_guest(plain.indices, plain.distances, to_all)
        ordered, new = reranked(worn.ranker(indices, distances), indices, [len(to_all)])
        keep = ordered[0] != (-1 if exclude is None else exclude)
        return ordered[0][keep][:k], new[0][keep][:k]

    def _load_background(self, embeddings: Embeddings) -> Float:
        def build(directory: Path) -> None:
            worn = self._worn_of(embeddings)
            if worn is not None and worn.graph_steps:
                far = _far(worn, self._lists(embeddings, GRAPH_K))
            else:
                far = neighbors.background(embeddings.vectors, embeddings.metric)
            write_arrays(directory, {}, {"distances": far})

        key = background_key(embeddings)
        return np.asarray(read_arrays(self.store.compute("background", key, build))[1]["distances"])

    def _matches(
        self, collection: Collection, embeddings: Embeddings, rows: Sequence[int] | Any, distances: Float
    ) -> list[Match]:
        worn = self._worn_of(embeddings)
        if worn is not None and worn.graph_steps:
            scores = 1 - np.asarray(distances, np.float64)
        else:
            scores = neighbors.similarity(np.asarray(distances), embeddings.metric, embeddings.dim)
        return [
            Match(collection.ids[row], float(score), float(distance), rank, collection.record(row))
            for rank, (row, score, distance) in enumerate(zip(rows, scores, distances, strict=True), start=1)
        ]


def _points(embeddings: Embeddings) -> Float:
    """(N, D') the view of the vectors that the metric's distances are taken in."""
    return neighbors.METRICS[embeddings.metric].prepare(embeddings.vectors)


def _far(worn: Worn, graph: Neighbors) -> Float:
    """Sorted re-ranked distances of at most 1,000 random pairs."""
    ranker, n = worn.ranker(graph.indices, graph.distances), len(graph.indices)
    if n < 2:
        return np.empty(0, np.float32)
    random = np.random.default_rng(0)
    askers = random.permutation(n)[:100]
    found = [ranker(int(row), ((row + random.integers(1, n, 10)) % n).astype(np.int32)) for row in askers]
    return np.sort(np.concatenate(found))
