"""Duplicates and forgeries: precision and recall on real copies, and beside a perceptual hash like imagededup's.

`python -m benchmarks.duplicates [hashes photos copies forgeries]`; shared data in ../shared/data or where
IMGSIM_SHARED_DATA says.
"""

from __future__ import annotations

import csv
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks._rows import Row, clocked, compare
from imgsim import duplicates, manipulation
from imgsim.duplicates import Thresholds, hamming
from imgsim.engine import to_image
from imgsim.manipulation.regions import cleaned
from imgsim.methods.pdq import Pdq
from imgsim.pipeline import Pipeline
from imgsim.types import Collection
from imgsim.workspace import Workspace

FOLDER = Path(os.environ.get("IMGSIM_SHARED_DATA", "../shared/data"))
STAGE_HASHES = 50_000
MILLION = 1_000_000
QUERIES = 2_000
COPIES = 1_000
FLIPPED = 0.2  # of the bits of a photo's hash: its copies lie near one another, but not within 31 bits
PRECISION = 0.99
GRID = [Thresholds(bits, points) for bits in (23, 31, 39) for points in (8, 10, 12, 15, 20, 30)]
Pairs = set[tuple[int, int]]


def truth(families: Sequence[str]) -> Pairs:
    """All pairs of rows of one family; an empty name has none."""
    rows: dict[str, list[int]] = {}
    for row, family in enumerate(families):
        if family:
            rows.setdefault(family, []).append(row)
    return {pair for members in rows.values() for pair in combinations(members, 2)}


def grouped(decision: duplicates.Decision) -> Pairs:
    """All pairs of rows of one group."""
    return {pair for group in decision.groups for pair in combinations(sorted(group.rows), 2)}


def shares(found: Pairs, true: Pairs) -> tuple[float, float]:
    """Precision and recall of pairs."""
    hits = len(found & true)
    return hits / max(1, len(found)), hits / max(1, len(true))


def hashes() -> None:
    """Time for all pairs of random hashes, and of those of real pictures with bits flipped by chance."""
    for n in (100_000, 1_000_000):
        for kind, words in (("random hashes", _words(n)), ("hashes of photos", _of_photos(n))):
            for radius in (31, 56):
                _compiled(words, radius)
                clock = _Clock()
                found = hamming.close_pairs(words, words, radius)
                print(
                    f"{n:,} {kind}, all {len(found.a):,} pairs within {radius} of 256 bits: {clock.told()}", flush=True
                )


def _words(n: int) -> hamming.Words:
    return np.random.default_rng(0).integers(0, 2**64, (n, 4), dtype=np.uint64)


def _of_photos(n: int) -> hamming.Words:
    """The PDQ hashes of the packaged photos and their edits again and again, a fifth of the bits flipped each time."""
    with tempfile.TemporaryDirectory() as temporary:
        pipeline = Pipeline(Workspace(Path(temporary)))
        ones = pipeline.embed(pipeline.open("builtin:photos"), [Pdq()])[0].vectors > 0
    random = np.random.default_rng(1)
    starts = range(0, n, len(ones))
    return np.concatenate([hamming.packed(ones ^ (random.random(ones.shape) < FLIPPED)) for _ in starts])[:n]


def _compiled(words: hamming.Words, radius: int) -> None:
    """Compiling is not what is measured."""
    hamming.close_pairs(words[: hamming.PARTS_FROM], words[: hamming.PARTS_FROM].copy(), radius)


def stage() -> Iterator[Row]:
    """The quick part: all pairs of hashes beside FAISS, copies among the packaged photos beside a perceptual hash."""
    yield _all_pairs()
    yield _million()
    with tempfile.TemporaryDirectory() as temporary:
        pipeline = Pipeline(Workspace(Path(temporary)))
        collection = pipeline.open("builtin:photos")
        true = truth([str(value) for value in collection.field("photo")])
        seconds, scored = clocked(lambda: duplicates.score_pairs(pipeline, collection))
        theirs, near = clocked(lambda: _hashed(pipeline, collection))
        a, b = (shares(pairs, true) for pairs in (grouped(duplicates.decide(scored)), near))
        names = ("precision", "recall", "peer precision", "peer recall")
        quality = dict(zip(names, (*a, *b), strict=True))
        yield Row(f"copies among {len(collection)} photos", seconds, theirs, "ImageHash phash", quality=quality)


def _all_pairs() -> Row:
    words = _planted(STAGE_HASHES)
    _compiled(words, 31)
    return compare(
        f"all pairs of {STAGE_HASHES:,} hashes of 256 bits within 31",
        lambda: hamming.close_pairs(words, words, 31),
        lambda: _faiss(words, words),
        "FAISS binary",
        quality=lambda ours, theirs: _found_copies(words, ours, theirs),
    )


def _million() -> Row:
    """FAISS compares some of the hashes with all; its seconds are those for all of them."""
    words = _planted(MILLION)
    _compiled(words, 31)
    rounds = []
    for _ in range(3):
        ours, found = clocked(lambda: hamming.close_pairs(words, words, 31))
        theirs, near = clocked(lambda: _faiss(words, words[:QUERIES]))
        rounds.append((ours, theirs * MILLION / QUERIES))
    return Row(
        f"all pairs of {MILLION:,} hashes of 256 bits within 31; FAISS by {QUERIES:,} of them, scaled",
        *(statistics.median(side) for side in zip(*rounds, strict=True)),
        "FAISS binary",
        ratio=statistics.median(theirs / ours for ours, theirs in rounds),
        quality=_found_copies(words, found, near),
    )


def _planted(n: int) -> hamming.Words:
    """(N, 4) random hashes; the first are copies of the last, with up to 31 bits flipped."""
    words, random = _words(n), np.random.default_rng(1)
    flips = np.zeros((COPIES, 256))
    for row, bits in enumerate(flips):
        bits[random.choice(256, row % 32, replace=False)] = 1
    words[:COPIES] = words[n - COPIES :] ^ hamming.packed(flips)
    return words


def _faiss(words: hamming.Words, queries: hamming.Words) -> list[np.ndarray]:
    """Rows within 31 bits of each query."""
    import faiss

    index = faiss.IndexBinaryFlat(64 * words.shape[1])
    index.add(words.view(np.uint8))
    ends, _, rows = index.range_search(queries.view(np.uint8), 31 + 1)
    return np.split(rows, ends[1:-1].astype(np.int64))


def _found_copies(words: hamming.Words, ours: hamming.Close, theirs: list[np.ndarray]) -> dict[str, float]:
    """Recall of the planted copies."""
    true = {(row, len(words) - COPIES + row) for row in range(COPIES)}
    found = set(zip(ours.a.tolist(), ours.b.tolist(), strict=True))
    near = {(row, other) for row, others in enumerate(theirs[:COPIES]) for other in others.tolist()}
    return {"recall": shares(found, true)[1], "peer recall": shares(near, true)[1]}


def _hashed(pipeline: Pipeline, collection: Collection) -> Pairs:
    """The pairs within 10 of 64 bits, imagededup's default."""
    import imagehash
    from PIL import Image

    def code(image: np.ndarray) -> list[np.ndarray]:
        return [np.array(int(str(imagehash.phash(Image.fromarray(image))), 16), np.uint64)]

    codes = [found[0] for _, found in pipeline.prepared(collection, range(len(collection)), code, 256)]
    close = hamming.close_pairs(*[np.array(codes, np.uint64)[:, None]] * 2, 10)
    return set(zip(close.a.tolist(), close.b.tolist(), strict=True))


def photos() -> None:
    """Recall at 99 % precision on builtin:photos, and time, beside the 64-bit perceptual hash; all in two threads."""
    pipeline = Pipeline()
    collection = pipeline.open("builtin:photos")
    true = truth([str(value) for value in collection.field("photo")])
    for candidates in (0, 5):
        clock = _Clock()
        scored = duplicates.score_pairs(pipeline, collection, candidates)
        ours = clock.told()
        tried = [(at, *shares(grouped(duplicates.decide(scored, at)), true)) for at in GRID]
        usual = next(one for one in tried if one[0] == Thresholds())
        best = max((one for one in tried if one[1] >= PRECISION), key=lambda one: one[2])
        print(f"imgsim, {candidates} candidates, defaults: precision {usual[1]:.4f}, recall {usual[2]:.3f}, {ours}")
        print(f"   recall {best[2]:.3f} at {PRECISION:.0%} precision ({best[0]})", flush=True)
    _perceptual_hash(pipeline, collection, true)


class _Clock:
    """Seconds on the wall, and of processor time of this process and those that it has started."""

    def __init__(self) -> None:
        self.wall, self.busy = time.perf_counter(), _processor()

    def told(self) -> str:
        return f"{time.perf_counter() - self.wall:.1f} s, {_processor() - self.busy:.1f} s of processor time"


def _processor() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _perceptual_hash(pipeline: Pipeline, collection: Collection, true: Pairs) -> None:
    """ImageHash's perceptual hash, of the same definition as imagededup's (64 bits), reading as imgsim does."""
    import imagehash
    from PIL import Image

    clock = _Clock()

    def code(image: np.ndarray) -> list[np.ndarray]:
        return [np.array(int(str(imagehash.phash(Image.fromarray(image))), 16), np.uint64)]

    codes = [found[0] for _, found in pipeline.prepared(collection, range(len(collection)), code, 256)]
    words = np.array(codes, np.uint64)[:, None]
    close = hamming.close_pairs(words, words, 24)
    taken = clock.told()
    tried = []
    for most in range(25):
        near = close.bits <= most
        pairs = set(zip(close.a[near].tolist(), close.b[near].tolist(), strict=True))
        tried.append((most, *shares(pairs, true)))
    usual = tried[10]
    print(
        f"ImageHash phash at imagededup's default of 10 bits: precision {usual[1]:.4f}, recall {usual[2]:.3f}, {taken}"
    )
    good = [one for one in tried if one[1] >= PRECISION]
    print(f"   recall {max((one[2] for one in good), default=0):.3f} at {PRECISION:.0%} precision", flush=True)


def copies() -> None:
    """Precision and recall at the defaults on real copies."""
    for name, family in (
        ("pdq_neardup", _pdq_family),
        ("caltech_resize_dups", _caltech_family()),
        ("imagededup_tests", _ukbench_family),
    ):
        pipeline = Pipeline()
        collection = pipeline.open(str(FOLDER / name))
        true = truth([family(id) for id in collection.ids])
        start = time.perf_counter()
        decision = duplicates.decide(duplicates.score_pairs(pipeline, collection))
        found = grouped(decision)
        precision, recall = shares(found, true)
        taken = time.perf_counter() - start
        print(f"{name}: precision {precision:.3f}, recall {recall:.3f}, {len(collection)} images, {taken:.1f} s")
        for a, b in sorted(found - true)[:8]:
            print(f"   not said to be copies: {collection.ids[a]}  {collection.ids[b]}", flush=True)


def _pdq_family(id: str) -> str:
    """Both folders hold the same photo: their unedited files differ in 0 of 256 hash bits."""
    return "bridge" if id.partition("/")[0] in ("bridge_mods", "dihedral") else ""


def _ukbench_family(id: str) -> str:
    """The number in the name; the picture with an alpha channel differs from ukbench00120 in 0 of 256 bits."""
    found = re.search(r"ukbench\d+", id)
    return found[0] if found else "ukbench00120" if id == "alpha_channel_image.png" else ""


def _caltech_family():  # type: ignore[no-untyped-def]
    with (FOLDER / "caltech_resize_dups" / "groups.csv").open(newline="") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    named = {next(v for v in row if v.endswith(".jpg")): next(v for v in row if not v.endswith(".jpg")) for row in rows}
    return lambda id: named.get(id.rpartition("/")[2], "")


def forgeries() -> None:
    """Regions of copymove_small with and without originals; pixel F1 on copymove_fau."""
    folder, good = FOLDER / "copymove_small", []
    for row in csv.DictReader((folder / "labels.csv").read_text().splitlines()):
        suspect, original = (to_image(folder / row[name]) for name in ("tampered", "original"))
        true = cleaned(np.abs(suspect.astype(int) - original).max(axis=2) > 40, 30, close=5)
        known, alone = manipulation.difference(suspect, original).mask, manipulation.copy_move(suspect).mask
        covered = (alone & true).sum() / true.sum()
        good.append((_iou(known, true) >= 0.3, _iou(alone, true) >= 0.3, covered >= 0.5))
    known, alone, covered = np.sum(good, axis=0)
    print(f"copymove_small, IoU at least .3: {known} of {len(good)} with the original, {alone} without (both copies")
    print(f"marked, the truth has one); without it {covered} have half of the copied region marked")
    _fau()


def _fau() -> None:
    folder, scores = FOLDER / "copymove_fau", []
    for row in csv.DictReader((folder / "labels.csv").read_text().splitlines()):
        true = to_image(folder / row["mask"])[..., 0] > 127
        found = manipulation.copy_move(to_image(folder / row["tampered"])).mask
        scores.append(2 * (found & true).sum() / max(1, found.sum() + true.sum()))
        print(f"   {row['tampered']}: F1 {scores[-1]:.3f}", flush=True)
    print(f"copymove_fau: mean pixel F1 {np.mean(scores):.3f}")


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


def main() -> None:
    """Run those named, else all that this machine has data for."""
    parts = {"hashes": hashes, "photos": photos, "copies": copies, "forgeries": forgeries}
    for name in sys.argv[1:] or parts:
        if name in ("copies", "forgeries") and not FOLDER.is_dir():
            print(f"{name}: the shared data is not on this machine")
            continue
        parts[name]()


if __name__ == "__main__":
    main()
