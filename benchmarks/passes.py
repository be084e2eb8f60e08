"""Several methods in one pass over the images, beside one pass a method; and a grown folder beside beginning anew."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks._rows import Row, compare
from benchmarks.embed import cosine, write_photos
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.types import Float
from imgsim.workspace import Workspace

N, NEW = 96, 8
SPECS = ("color_histogram", "phash", "lbp", "color_moments")


def embedded(folder: Path, passes: list[list[str]]) -> list[Float]:
    """Vectors of each method in a fresh workspace, in so many passes; the scan is not part of it."""
    with tempfile.TemporaryDirectory() as root:
        pipeline = Pipeline(Workspace(Path(root)))
        collection = pipeline.open(str(folder))
        found = [pipeline.embed(collection, [METHODS.parse(spec) for spec in specs]) for specs in passes]
        return [np.array(embeddings.vectors) for part in found for embeddings in part]


def grown(folder: Path) -> tuple[float, float]:
    """Seconds of embedding the new pictures of a grown folder, and of embedding all of it."""
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as other:
        pipeline, method = Pipeline(Workspace(Path(root))), METHODS.parse("hog")
        hidden = sorted(folder.iterdir())[:NEW]
        for path in hidden:
            path.rename(path.with_name("." + path.name))
        pipeline.embed(pipeline.open(str(folder)), [method])
        for path in hidden:
            path.with_name("." + path.name).rename(path)
        seconds = []
        for one in (pipeline, Pipeline(Workspace(Path(other)))):
            collection = one.open(str(folder))
            start = time.perf_counter()
            one.embed(collection, [method])
            seconds.append(time.perf_counter() - start)
        return seconds[0], seconds[1]


def stage() -> Iterator[Row]:
    """640 x 480 JPEGs, fresh workspaces."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photos(folder, N)
        embedded(folder, [list(SPECS)])
        yield compare(
            f"{len(SPECS)} methods in one pass, {N} photos",
            lambda: embedded(folder, [list(SPECS)]),
            lambda: embedded(folder, [[spec] for spec in SPECS]),
            "a pass a method",
            quality=lambda a, b: {"smallest cosine": min(cosine(x, y) for x, y in zip(a, b, strict=True))},
        )
        pairs = [grown(folder) for _ in range(3)]
        new, all_of_it = (statistics.median(times) for times in zip(*pairs, strict=True))
        yield Row(f"{NEW} new photos among {N}, HOG", new, all_of_it, "embedding all again")
