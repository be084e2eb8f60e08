"""Search on LanceDB beside a plain matrix product: ingest, index, query and recall of random unit vectors in groups."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks._rows import Row, clocked
from imgsim.far import Database
from imgsim.far.embedder import write_shard
from imgsim.images.sources.shards import EmbeddedMethod, Note
from imgsim.methods import METHODS
from imgsim.types import Float

N, DIM, K, QUERIES = 50_000, 128, 10, 50
SPEC = "hog"


def drawn() -> Float:
    """(N, DIM) float32 in 500 groups."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(500, DIM))
    return (centres[random.integers(0, 500, N)] + 0.7 * random.normal(size=(N, DIM))).astype(np.float32)


def write(folder: Path, vectors: Float) -> None:
    """Shards without pictures."""
    for start in range(0, N, 4096):
        part = range(start, min(start + 4096, N))
        columns = {"id": [f"{i:06}" for i in part], "location": [str(i) for i in part]}
        columns |= {"sha256": [f"{i:064x}" for i in part], "thumbnail": [b""] * len(part)}
        sizes = {"width": [1] * len(part), "height": [1] * len(part)}
        write_shard(str(folder), {**columns, **sizes}, {SPEC: vectors[start : start + 4096]})
    known = EmbeddedMethod(SPEC, METHODS.parse(SPEC).key, DIM, "cosine")
    Note("drawn", "nowhere", (known,), n_images=N, complete=True).write(str(folder))


def stage() -> Iterator[Row]:
    """One database in a temporary folder."""
    vectors = drawn()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), vectors)
        database = Database(str(Path(name) / "db"))
        ingested, _ = clocked(lambda: database.ingest(name, SPEC))
        yield Row(f"LanceDB ingests shards of {N:,} x {DIM}", N / ingested, unit="images/s")
        yield Row(f"LanceDB indexes {N:,} x {DIM}", database.index())
        measured = database.recall(K, QUERIES)
        products = statistics.median(_product(unit, query) for query in unit[:QUERIES])
        quality = {f"recall@{K}": measured.recall}
        yield Row("query by the index", measured.milliseconds, 1000 * products, "numpy product", "ms", quality=quality)
        yield Row("query without it", measured.exact_milliseconds, 1000 * products, "numpy product", "ms")


def _product(unit: Float, query: Float) -> float:
    start = time.perf_counter()
    np.argpartition(-(unit @ query), K)[:K]
    return time.perf_counter() - start
