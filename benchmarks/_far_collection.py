"""A collection of any number of points for timing the map alone: ten pictures, vectors and graph by lot.

Everything that the page reads is there under the keys of the real pipeline, so the page, the routes and the browser do
what they do with a real collection. Scanning, embedding and the graph of so many pictures are measured elsewhere.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from imgsim.images.manifest import Manifest
from imgsim.images.thumbnails import ThumbnailWriter, thumbnail
from imgsim.methods import METHODS
from imgsim.pipeline import GRAPH_FROM, GRAPH_K, Pipeline
from imgsim.pipeline.keys import approximate_lists_key, embedding_key, faithfulness_key, lists_key, projection_key
from imgsim.projections import PROJECTORS
from imgsim.store import write_arrays
from imgsim.workspace import Workspace

CLASSES = 10
K = 24  # neighbours an image; those beyond are never shown
RARE = 200  # points of the smallest island


def prepared(home: Path, n: int, method_spec: str, map_spec: str) -> str:
    """The SOURCE of n points whose map is in the store."""
    path = home / f"stand-in-{n}.zip"
    pictures = _pictures()
    if not path.exists():
        _write_zip(path, pictures)
    pipeline = Pipeline(Workspace(home))
    source, scan_key = pipeline._scan_key(str(path))
    store = pipeline.store
    store.compute("scan", scan_key, lambda folder: _scan(folder, source, n, pictures))
    pipeline.workspace.remember_scan(source, scan_key)
    collection = pipeline.load_collection(scan_key)
    method, projector = METHODS.parse(method_spec), PROJECTORS.parse(map_spec)
    key = embedding_key(collection, method)
    store.compute("embeddings", key, lambda folder: _embeddings(folder, n))
    embeddings = pipeline._load_embeddings(collection, method)
    graph = (approximate_lists_key if n >= GRAPH_FROM else lists_key)(embeddings, GRAPH_K)
    store.compute("neighbors", graph, lambda folder: _graph(folder, n))
    projection = projection_key(embeddings, projector, 2, 0)
    facts = {"projector": projector.id, "params": projector.params, "embeddings": key}
    store.compute("projection", projection, lambda folder: write_arrays(folder, facts, {"xy": islands(n)}))
    judged = {"k": 15, "trustworthiness": 0.9, "continuity": 0.9, "knn_recall": 0.3, "n_sampled": 3000}
    lost = np.random.default_rng(2).random(n, dtype=np.float32)
    store.compute(
        "faithfulness", faithfulness_key(projection), lambda folder: write_arrays(folder, judged, {"per_point": lost})
    )
    return str(path)


def islands(n: int) -> npt.NDArray[np.float32]:
    """(n, 2) in ten islands of very different size and crowd, the last of 200 points; row i is on island i % 10."""
    random = np.random.default_rng(0)
    middle = random.uniform(-30, 30, (CLASSES, 2))
    spread = np.geomspace(4, 0.3, CLASSES)
    island = np.arange(n) % CLASSES
    island[(island == CLASSES - 1) & (np.arange(n) // CLASSES >= RARE)] = 0
    return (middle[island] + random.normal(size=(n, 2)) * spread[island][:, None]).astype(np.float32)


def _pictures() -> list[npt.NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    noise = random.normal(0, 25, (CLASSES, 16, 16, 3)) + random.integers(40, 216, (CLASSES, 1, 1, 3))
    return list(np.clip(noise, 0, 255).astype(np.uint8))


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _write_zip(path: Path, pictures: list[npt.NDArray[np.uint8]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for i, pixels in enumerate(pictures):
            archive.writestr(f"class {i}.png", _png(pixels))


def _scan(folder: Path, source: str, n: int, pictures: list[npt.NDArray[np.uint8]]) -> None:
    small = [thumbnail(pixels) for pixels in pictures]
    hashes = [hashlib.sha256(_png(pixels)).hexdigest() for pixels in pictures]
    with ThumbnailWriter(folder) as thumbnails:
        for row in range(n):
            thumbnails.add(small[row % CLASSES])
    labels = [f"class {row % CLASSES}" for row in range(n)]
    Manifest(
        name=f"Stand-in of {n:,}",
        source=source,
        ids=[f"{label}/{row:07}.png" for row, label in enumerate(labels)],
        hashes=[hashes[row % CLASSES] for row in range(n)],
        locations=[f"{label}.png" for label in labels],
        stamps=[""] * n,
        fields={"label": labels, "width": [16.0] * n, "height": [16.0] * n},
    ).write(folder)


def _embeddings(folder: Path, n: int) -> None:
    vectors = np.random.default_rng(1).normal(size=(n, 16)).astype(np.float32)
    np.save(folder / "vectors.npy", vectors)
    facts: dict[str, Any] = {"spec": "stand-in", "seconds": 0.0, "fit_seconds": None}
    write_arrays(folder, facts, {})


def _graph(folder: Path, n: int) -> None:
    """The next images of the same class, at distances drawn by lot."""
    steps = np.arange(1, K + 1) * CLASSES
    indices = ((np.arange(n)[:, None] + steps) % n).astype(np.int32)
    distances = np.sort(np.random.default_rng(3).random((n, K), dtype=np.float32), axis=1)
    write_arrays(folder, {"method": "stand-in", "recall": 1.0}, {"indices": indices, "distances": distances})
