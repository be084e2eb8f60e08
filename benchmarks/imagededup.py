"""Copies beside imagededup's PHash itself: all pairs of hashes, and from files to pairs.

Files are read within a running process, and by processes of their own, imports included, as somebody would run them
once. Recall is the best of each one's thresholds at 99 % precision: pictures of one photograph are copies.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._rows import Row, clocked
from benchmarks.duplicates import GRID, PRECISION, grouped, shares, truth
from imgsim import duplicates
from imgsim.duplicates import hamming
from imgsim.pipeline import Pipeline
from imgsim.types import Collection
from imgsim.workspace import Workspace

SLOW = True
HASHES = 10_000
RADIUS = 10  # of 64 bits, imagededup's default
LARGE = 4000  # pixels of the long side of what a camera takes
FEW = ("original", "crop_25", "jpeg_30", "frame_12")
PEER = "imagededup PHash"
SCRIPT = "import sys; from imagededup.methods import PHash; PHash(verbose=False).find_duplicates(image_dir=sys.argv[1])"


def stage() -> Iterator[Row]:
    """Hashes first, then small files and those of a camera."""
    warnings.simplefilter("ignore")
    if importlib.util.find_spec("imagededup") is None:
        print("imagededup is not installed; pip install 'imagededup>=0.3.3,<0.4'", file=sys.stderr)
        return
    yield _hashes()
    with tempfile.TemporaryDirectory() as temporary:
        small, large = _files(Path(temporary))
        yield from _from_files("PNG files of at most 384 px", small)
        yield from _from_files(f"JPEG files of {LARGE:,} px", large)


def _hashes() -> Row:
    from imagededup.methods import PHash

    words = hamming.packed(np.random.default_rng(0).integers(0, 2, (HASHES, 64)))
    named = {str(row): f"{word:016x}" for row, word in enumerate(words[:, 0].tolist())}
    hamming.close_pairs(words[:3000], words[:3000], RADIUS)  # compiling is not what is measured
    ours, close = clocked(lambda: hamming.close_pairs(words, words, RADIUS))
    theirs, found = clocked(
        lambda: PHash(verbose=False).find_duplicates(encoding_map=named, max_distance_threshold=RADIUS)
    )
    quality = {"pairs": len(close.a), "peer pairs": sum(map(len, found.values())) / 2}
    return Row(f"all pairs of {HASHES:,} hashes of 64 bits within {RADIUS}", ours, theirs, PEER, quality=quality)


def _files(folder: Path) -> tuple[Path, Path]:
    """All of the packaged photographs and their edits as PNG, and some as large JPEGs."""
    from PIL import Image

    pipeline = Pipeline()
    collection = pipeline.open("builtin:photos")
    small, large = folder / "small", folder / "large"
    small.mkdir()
    large.mkdir()
    for row, id in enumerate(collection.ids):
        picture = Image.fromarray(pipeline.read_image(collection, row))
        picture.save(small / (id.replace("/", "--") + ".png"))
        if id.endswith(FEW):
            scale = LARGE / max(picture.size)
            size = (round(picture.width * scale), round(picture.height * scale))
            grown = picture.resize(size, Image.Resampling.BICUBIC)
            grown.save(large / (id.replace("/", "--") + ".jpg"), quality=90)
    return small, large


def _from_files(kind: str, folder: Path) -> Iterator[Row]:
    name = f"copies among {len(list(folder.iterdir()))} {kind}"
    _ours(folder)  # what a first run compiles and loads is in the rows of processes
    ours, (collection, scored) = clocked(lambda: _ours(folder))
    theirs, near = clocked(lambda: _theirs(folder))
    true = truth([id.partition("--")[0] for id in collection.ids])
    quality = {"recall": _recall(scored, true), "peer recall": _peer_recall(collection, near, true)}
    yield Row(f"{name}, within a process", ours, theirs, PEER, quality=quality)
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "imgsim", "duplicates", str(folder), "--json"]
        ours = clocked(lambda: _run(command, IMGSIM_HOME=home))[0]
    theirs = clocked(lambda: _run([sys.executable, "-W", "ignore", "-c", SCRIPT, str(folder)]))[0]
    yield Row(f"{name}, a process each", ours, theirs, PEER)


def _ours(folder: Path) -> tuple[Collection, duplicates.Scored]:
    with tempfile.TemporaryDirectory() as temporary:
        fresh = Pipeline(Workspace(Path(temporary)))
        collection = duplicates.open_sketched(fresh, str(folder))
        return collection, duplicates.score_pairs(fresh, collection)


def _theirs(folder: Path) -> dict[str, Any]:
    from imagededup.methods import PHash

    hasher = PHash(verbose=False)
    return dict(hasher.find_duplicates(image_dir=str(folder), max_distance_threshold=24, scores=True))


def _recall(scored: duplicates.Scored, true: set[tuple[int, int]]) -> float:
    tried = [shares(grouped(duplicates.decide(scored, at)), true) for at in GRID]
    return max((recall for precision, recall in tried if precision >= PRECISION), default=0)


def _peer_recall(collection: Collection, near: dict[str, Any], true: set[tuple[int, int]]) -> float:
    rows = {id: row for row, id in enumerate(collection.ids)}
    far = {(rows[a], rows[b]): bits for a, found in near.items() for b, bits in found if rows[a] < rows[b]}
    tried = [shares({pair for pair, bits in far.items() if bits <= most}, true) for most in range(25)]
    return max((recall for precision, recall in tried if precision >= PRECISION), default=0)


def _run(command: list[str], **environment: str) -> None:
    subprocess.run(command, check=True, env=os.environ | environment, capture_output=True)
