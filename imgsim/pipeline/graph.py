"""The third stage: the neighbour graph, exact or from the approximate index, re-ranked where a method wears that."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from imgsim import neighbors
from imgsim.methods.worn import reranked
from imgsim.neighbors import approximate, probes
from imgsim.pipeline.embedding import Embedding
from imgsim.pipeline.keys import approximate_lists_key, index_key, lists_key, reranked_key
from imgsim.pipeline.results import Index
from imgsim.pipeline.stage import named
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Embeddings, Float, Ints, Metric, Neighbors
from imgsim.workspace import Workspace

INDEX_FROM = 200_000  # images; below, an exact search takes less than a person notices
GRAPH_FROM = 200_000  # images; below, the exact graph took less than the index (docs/search.md)
GRAPH_K = 100  # one graph serves gallery, scores, UMAP and t-SNE at perplexity 30
Blocks = Callable[[Ints], Float]


class Graph(Embedding):
    """Who is near whom in a space."""

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__(workspace)
        self._open_index = lru_cache(2)(self._read_index)

    def neighbors(self, embeddings: Embeddings, k: int = GRAPH_K, progress: Progress = silent) -> Neighbors:
        """The exact neighbour graph, with at least min(k, N - 1) columns, re-ranked where the method wears that."""
        plain = self._lists(embeddings, k, progress)
        worn = self._worn_of(embeddings)
        if worn is None or not worn.graph_steps:
            return plain
        told = named("Re-ranking neighbours", progress)

        def build(directory: Path) -> None:
            indices, distances = reranked(worn.ranker(plain.indices, plain.distances), plain.indices, progress=told)
            write_arrays(directory, {"method": embeddings.method}, {"indices": indices, "distances": distances})

        key = reranked_key(plain.key)
        arrays = read_arrays(self.store.compute("neighbors", key, build, progress))[1]
        found = arrays["indices"], arrays["distances"]
        return Neighbors(key, *found, embeddings.metric, exact=plain.exact, recall=plain.recall)

    def load_neighbor_rows(self, key: str) -> Ints:
        """(N, k) int32 rows of a stored neighbour graph, nearest first.

        Raises:
            InputError: there is none of that key.
        """
        return np.asarray(read_arrays(self._folder("neighbors", key))[1]["indices"])

    def blocks(self, embeddings: Embeddings, progress: Progress = silent) -> Blocks:
        """Called with (B,) rows, their (B, N) distances from all images, by whatever the method wears.

        Re-ranked images come before those outside the lists, which keep their order.
        """
        asking, worn = self._asking(embeddings), self._worn_of(embeddings)
        plain = neighbors.DistanceBlocks(embeddings.vectors, embeddings.metric)
        if asking is None and not (worn and worn.graph_steps):
            return plain
        graph = self.neighbors(embeddings, progress=progress) if worn and worn.graph_steps else None

        def block(rows: Ints) -> Float:
            if asking is None:
                far = plain(rows)
            else:
                measure = plain.distance
                queries = measure.prepare(asking[rows])
                far = np.stack([measure.pairs(plain.points, query) for query in queries])
            if graph is not None:
                far = 2 + far
                np.put_along_axis(far, graph.indices[rows], graph.distances[rows], axis=1)
            return far

        return block

    def make_index(self, embeddings: Embeddings, progress: Progress = silent) -> Index | None:
        """The approximate index by which a large collection is searched, built once; None for a small one."""
        if not self._large(embeddings, INDEX_FROM):
            return None
        return self._index(embeddings, progress)

    def find_index(self, embeddings: Embeddings) -> Index | None:
        """The same if the store has it, else None; quick."""
        key = index_key(embeddings)
        if not self._large(embeddings, INDEX_FROM) or not self.store.find("index", key):
            return None
        return self._open_index(key, embeddings.metric)

    def _lists(self, embeddings: Embeddings, k: int, progress: Progress = silent) -> Neighbors:
        """The neighbour graph by distance alone; from the approximate index where the collection is large."""
        if self._large(embeddings, GRAPH_FROM) and neighbors.METRICS[embeddings.metric].terms is None:
            return self._approximate_lists(embeddings, k, progress)
        wide = max(GRAPH_K, -(-k // 50) * 50)
        key = lists_key(embeddings, wide)

        def build(directory: Path) -> None:
            told = named("Finding neighbours", progress)
            asking = self._asking(embeddings)
            if asking is None:
                indices, distances = neighbors.nearest(embeddings.vectors, embeddings.metric, wide, progress=told)
            else:
                found = neighbors.search(embeddings.vectors, asking, embeddings.metric, wide + 1, progress=told)
                indices, distances = _without_self(*found)
            write_arrays(directory, {"method": embeddings.method}, {"indices": indices, "distances": distances})

        arrays = read_arrays(self.store.compute("neighbors", key, build, progress))[1]
        return Neighbors(key, arrays["indices"], arrays["distances"], embeddings.metric)

    def _approximate_lists(self, embeddings: Embeddings, k: int, progress: Progress) -> Neighbors:
        wide = max(GRAPH_K, -(-k // 50) * 50)
        key = approximate_lists_key(embeddings, wide)

        def build(directory: Path) -> None:
            index = self._index(embeddings, progress)
            told = named("Finding neighbours", progress)
            indices, distances = approximate.nearest(index.lists, wide, index.graph_probes, progress=told)
            facts = {"method": embeddings.method, "recall": index.graph_recall}
            write_arrays(directory, facts, {"indices": indices, "distances": distances})

        facts, arrays = read_arrays(self.store.compute("neighbors", key, build, progress))
        found = arrays["indices"], arrays["distances"]
        return Neighbors(key, *found, embeddings.metric, exact=False, recall=facts["recall"])

    def _large(self, embeddings: Embeddings, size: int) -> bool:
        """Whether so many images are searched through an index; re-ranking and expansion want exact lists."""
        worn = self._worn_of(embeddings)
        return len(embeddings.ids) >= size and not (worn and (worn.graph_steps or worn.query_steps))

    def _index(self, embeddings: Embeddings, progress: Progress) -> Index:
        key = index_key(embeddings)

        def build(directory: Path) -> None:
            lists = approximate.build(embeddings.vectors, embeddings.metric, progress=progress)
            progress("Measuring what the index finds", 0, 1)
            write_arrays(directory, probes.measured(lists), lists.arrays())

        self.store.compute("index", key, build, progress)
        return self._open_index(key, embeddings.metric)

    def _read_index(self, key: str, metric: Metric) -> Index:
        facts, arrays = read_arrays(self._folder("index", key))
        lists = approximate.Lists(**{name: np.asarray(array) for name, array in arrays.items()}, metric=metric)
        return Index(lists, **facts)


def _without_self(indices: Ints, distances: Float) -> tuple[Ints, Float]:
    """(N, K) lists of (N, K + 1) ones, without each row's own entry, or else without the last."""
    own = indices == np.arange(len(indices))[:, None]
    last = indices.shape[1] - 1
    keep = np.arange(last + 1) != np.where(own.any(axis=1), own.argmax(axis=1), last)[:, None]
    return indices[keep].reshape(-1, last), distances[keep].reshape(-1, last)
