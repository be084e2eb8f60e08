"""Neighbours: the graph of 60,000 x 512 and single queries at 1,000,000 x 128, beside scikit-learn and FAISS flat.

The vectors are SIFT descriptors of the packaged photos and their edits (512: four sizes round one keypoint), so they
are real and lie as unevenly as real ones do. Sizes are set by IMGSIM_BENCH_GRAPH and IMGSIM_BENCH_QUERY.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks._rows import Row, clocked
from imgsim.neighbors import approximate, nearest, probes, search
from imgsim.neighbors.halves import FROM as HALVES_FROM
from imgsim.pipeline import Pipeline
from imgsim.types import Float, Ints

SLOW = True
GRAPH_N = int(os.environ.get("IMGSIM_BENCH_GRAPH", 60_000))
QUERY_N = int(os.environ.get("IMGSIM_BENCH_QUERY", 1_000_000))
SIZES = (0.7, 1.0, 1.5, 2.2)  # of the keypoint's own
ASKED, K, NEAREST = 200, 15, 10


def stage() -> Iterator[Row]:
    """Graph first, then queries."""
    yield from _graphs(descriptors(GRAPH_N, SIZES))
    yield from _queries(descriptors(QUERY_N, (1.0,)))


def _graphs(vectors: Float) -> Iterator[Row]:
    name = f"kNN graph, {len(vectors):,} x {vectors.shape[1]}, k = {K}"
    nearest(vectors[:HALVES_FROM], "euclidean", K)  # importing and compiling are not what is measured
    ours = {"exact": lambda: nearest(vectors, "euclidean", K)[0], "by the index": lambda: _graph(vectors)}
    peers = {"scikit-learn": partial(_sklearn_graph, vectors), "FAISS flat": partial(_faiss_graph, vectors)}
    seconds: dict[str, list[float]] = {way: [] for way in ours}
    theirs, found = {}, {}
    for versus in (*peers, ""):  # ours by turns before, between and after the peers, which take long
        for way, run in ours.items():
            taken, found[way] = clocked(run)
            seconds[way].append(taken)
        if versus:
            theirs[versus], found[versus] = clocked(peers[versus])
    truth = search(vectors, vectors[_asked(len(vectors))], "euclidean", K + 1)[0]
    for versus in peers:
        for way in ours:
            quality = _qualities(found[way], found[versus], truth)
            yield Row(f"{name}, {way}", statistics.median(seconds[way]), theirs[versus], versus, quality=quality)


def descriptors(n: int, sizes: tuple[float, ...]) -> Float:
    """(n, 128 S) SIFT descriptors at S sizes, evenly from all pictures."""
    import cv2

    pipeline = Pipeline()
    collection = pipeline.open("builtin:photos")
    share, found = -(-n // len(collection)), []
    for row in range(len(collection)):
        image = pipeline.read_image(collection, row)
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        random = np.random.default_rng(row)
        height, width = grey.shape
        places = random.uniform((0, 0), (width, height), (share, 2))
        own = random.uniform(6, 24, share)
        parts = [_described(cv2, grey, places, own * size) for size in sizes]
        found.append(np.hstack(parts))
    return np.concatenate(found)[:n].astype(np.float32)


def _described(cv2: Any, grey: Any, places: Any, sizes: Any) -> Any:
    points = [cv2.KeyPoint(float(x), float(y), float(s), 0) for (x, y), s in zip(places, sizes, strict=True)]
    return cv2.SIFT_create().compute(grey, points)[1]


def _queries(vectors: Float) -> Iterator[Row]:
    asked = vectors[_asked(len(vectors))]
    build, lists = clocked(lambda: approximate.build(vectors, "euclidean"))
    n_probe, reached = probes.search_probes(lists)
    truth = search(vectors, asked, "euclidean", NEAREST + 1)[0]
    ours = _each(asked, lambda query: approximate.search(lists, query, NEAREST + 1, n_probe)[0])
    name = f"one query, {len(vectors):,} x {vectors.shape[1]}, k = {NEAREST}"
    for versus, peer in (("FAISS flat", _faiss_query(vectors)), ("scikit-learn", _sklearn_query(vectors))):
        theirs = _each(asked[:20], peer)
        quality = {"recall": probes.recall(ours[1][:, 1:], truth[:, 1:]), "said": reached, "lists": n_probe}
        yield Row(name, ours[0], theirs[0], versus, unit="ms", quality=quality)
    yield Row(f"building the index of {len(vectors):,}", build)


def _graph(vectors: Float) -> Ints:
    lists = approximate.build(vectors, "euclidean")
    return approximate.nearest(lists, K, probes.graph_probes(lists)[0])[0]


def _sklearn_graph(vectors: Float) -> Any:
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=K, algorithm="brute").fit(vectors).kneighbors(return_distance=False)


def _faiss_graph(vectors: Float) -> Any:
    import faiss

    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    return index.search(vectors, K + 1)[1][:, 1:]


def _faiss_query(vectors: Float) -> Callable[[Float], Any]:
    import faiss

    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    return lambda query: index.search(query, NEAREST + 1)[1]


def _sklearn_query(vectors: Float) -> Callable[[Float], Any]:
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=NEAREST + 1, algorithm="brute").fit(vectors)
    return lambda query: model.kneighbors(query, return_distance=False)


def _each(asked: Float, ask: Callable[[Float], Any]) -> tuple[float, Ints]:
    """The median milliseconds of one query at a time, and all answers."""
    ask(asked[:1])
    answers = [clocked(partial(ask, asked[i : i + 1])) for i in range(len(asked))]
    return 1000 * float(np.median([seconds for seconds, _ in answers])), np.concatenate([rows for _, rows in answers])


def _asked(n: int) -> Any:
    return np.sort(np.random.default_rng(5).permutation(n)[:ASKED])


def _qualities(ours: Ints, peer: Ints, truth: Ints) -> dict[str, float]:
    rows = _asked(len(ours))
    others = [np.setdiff1d(near, [row], assume_unique=True)[:K] for near, row in zip(truth, rows, strict=True)]
    exact = np.stack(others)
    return {"recall": probes.recall(ours[rows], exact), "peer recall": probes.recall(peer[rows], exact)}
