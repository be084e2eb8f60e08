"""What in a collection looks alike: pairs by hash bits, also of turned pictures, and by agreeing points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imgsim.duplicates import hamming
from imgsim.duplicates.families import Candidates, Families, Pairs, to_the_middle
from imgsim.duplicates.sketches import Sketches, first_rows, sketches
from imgsim.duplicates.verification import BOTH, ENOUGH, points_of
from imgsim.duplicates.votes import shared
from imgsim.errors import InputError
from imgsim.methods.pdq import Pdq, dihedral_variants
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Float, Ints, key_of

VERSION = 3
NEAR = 31  # of 256 bits: the hash's own threshold
WIDE = 56  # bits up to which pairs are kept, so that the threshold can be moved
PLAIN = 64  # set bits below which there is nothing to hash; a picture has about 128
MOST_CHECKED = 200_000  # pairs looked at point by point
TRIES = 3  # pairs of two families that are looked at before these are taken for unlike
MIRRORED = (1, 2, 4, 7)  # of the eight turns
CHUNK = 10_000  # hashes that are turned at a time
UNKNOWN = 257  # bits of a pair that the hashes do not find
UNCHECKED = -1

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scored:
    """P pairs of different contents that may be copies, and what speaks for it.

    Attributes:
        first: (N,) the first row of the same contents; exact copies share it.
        pairs: (P, 2) rows, a < b, both first of their contents.
        bits: (P,) of 256 that differ, at the best of eight turns; 257 beyond 56.
        turn: (P,) which turn, 0 for none.
        points: (P,) that agree on one mapping; -1 where nobody looked.
        plain: (N,) whether there is too little in the picture to hash.
        sharpness: (N,) 0 without edges, no unit; NaN where no candidates were asked for.
        skipped: candidates that were not looked at, because there were too many.
    """

    first: Ints
    pairs: Pairs
    bits: Ints
    turn: Ints
    points: Ints
    plain: npt.NDArray[np.bool_]
    sharpness: Float
    skipped: int


def score_pairs(pipeline: Pipeline, collection: Collection, candidates: int = 5, progress: Progress = silent) -> Scored:
    """All pairs that may be copies; kept in the store.

    Args:
        pipeline: where pictures come from and the result goes.
        collection: N images.
        candidates: pictures that share most details with one and are checked point by point; 0 checks none.
        progress: told of every stage.

    Raises:
        InputError: the collection is empty or has changed.
    """
    if not len(collection):
        raise InputError(f"{collection.name} must have at least one readable image, got none; add images to it.")

    def build(directory: Path) -> None:
        found = _scored(pipeline, collection, candidates, progress)
        arrays = {name: value for name, value in vars(found).items() if name != "skipped"}
        write_arrays(directory, {"skipped": found.skipped}, arrays)

    key = key_of(
        "duplicates", collection=collection.fingerprint, hash=Pdq().key, candidates=candidates, version=VERSION
    )
    facts, arrays = read_arrays(pipeline.store.compute("duplicates", key, build, progress))
    return Scored(**{name: np.asarray(array) for name, array in arrays.items()}, skipped=int(facts["skipped"]))


def _scored(pipeline: Pipeline, collection: Collection, candidates: int, progress: Progress) -> Scored:
    first = first_rows(collection.hashes)
    rows = np.unique(first)
    seen = sketches(pipeline, collection, rows, progress) if candidates else None
    hashes = seen.hashes if seen else pipeline.embed(collection, [Pdq()], progress)[0].vectors[rows]
    ones = np.asarray(hashes) > 0
    plain = ones.sum(axis=1) < PLAIN
    found = _near(ones, np.flatnonzero(~plain), seen is not None, progress)
    skipped = 0
    if seen:
        found, skipped = _checked(seen, found, candidates, progress)
    blank, sharp = np.zeros(len(collection), bool), np.full(len(collection), np.nan, np.float32)
    blank[rows] = plain
    if seen:
        sharp[rows] = seen.sharpness
    pairs = rows[found.pairs].astype(np.int64)
    return Scored(first, pairs, found.bits, found.turn, found.points, blank[first], sharp[first], skipped)


@dataclass(frozen=True, eq=False)
class _Found:
    """P pairs of places among the U contents, in the terms of `Scored`."""

    pairs: Pairs
    bits: Ints
    turn: Ints
    points: Ints


def _near(ones: Bools, places: npt.NDArray[np.intp], turned: bool, progress: Progress) -> _Found:
    """Pairs whose hashes are close, with the fewest bits and then the smallest turn."""
    hashes = ones[places]
    right = hamming.packed(hashes)
    close = [_within(left, right, progress) for left in (_variants(hashes) if turned else right[None])]
    a, b, bits = (np.concatenate([one[part] for one in close]) for part in range(3))
    turn = np.repeat(np.arange(len(close)), [len(one.a) for one in close])
    order = np.lexsort((turn, bits, b, a))
    a, b, bits, turn = a[order], b[order], bits[order], turn[order]
    best = np.r_[True, (np.diff(a) != 0) | (np.diff(b) != 0)] if len(a) else np.zeros(0, bool)
    pairs = places[np.stack([a, b], axis=1)[best]].astype(np.int64).reshape(-1, 2)
    unchecked = np.full(len(pairs), UNCHECKED, np.int32)
    return _Found(pairs, bits[best].astype(np.int32), turn[best].astype(np.int32), unchecked)


def _variants(hashes: Bools) -> hamming.Words:
    """(8, N, 4) hashes of the eight turns of each picture."""
    parts = [np.zeros((8, 0, 4), np.uint64)]
    for start in range(0, len(hashes), CHUNK):
        turned = dihedral_variants(hashes[start : start + CHUNK].astype(np.int8))
        parts.append(np.stack([hamming.packed(one) for one in turned]))
    return np.concatenate(parts, axis=1)


def _within(left: hamming.Words, right: hamming.Words, progress: Progress) -> hamming.Close:
    """Pairs up to the wide radius; where that is a crowd, up to the hash's own threshold."""
    try:
        return hamming.close_pairs(left, right, WIDE, progress)
    except InputError:
        return hamming.close_pairs(left, right, NEAR, progress)


def _checked(seen: Sketches, near: _Found, candidates: int, progress: Progress) -> tuple[_Found, int]:
    """The same with the points of what the hashes leave open, and how many candidates were too many to look at.

    Two families that are joined already are not compared further, but each picture with the middle one of its family.
    """
    n = len(seen.hashes)
    certain = (near.turn == 0) & (near.bits <= NEAR)
    families = Families(n, near.pairs[certain])
    sides = np.where(np.isin(near.turn, MIRRORED), 1, 0)
    open_ones = np.column_stack([near.pairs, sides])[~certain][np.argsort(near.bits[~certain], kind="stable")]
    queue = np.concatenate([open_ones, _sharing(seen, families.middles(), candidates, progress)])
    checked: dict[tuple[int, int], int] = {}
    while len(queue) and len(checked) < MOST_CHECKED:
        now, queue = families.next(queue, TRIES)
        now = now[: MOST_CHECKED - len(checked)]
        points = points_of(seen, now, progress)
        checked |= {(a, b): count for (a, b, _), count in zip(now.tolist(), points.tolist(), strict=True)}
        families.join(now[points >= ENOUGH, :2])
    skipped = len(queue)
    links = np.array([pair for pair, points in checked.items() if points >= ENOUGH], np.int64).reshape(-1, 2)
    more = to_the_middle(np.concatenate([near.pairs[certain], links]), n)
    more = np.array([(*pair, BOTH) for pair in more.tolist() if tuple(pair) not in checked], np.int64).reshape(-1, 3)
    points = points_of(seen, more, progress)
    checked |= {(a, b): count for (a, b, _), count in zip(more.tolist(), points.tolist(), strict=True)}
    return _together(near, checked), skipped


def _sharing(seen: Sketches, middles: list[int], candidates: int, progress: Progress) -> Candidates:
    """(P, 3) places of pictures that share details, one of each family, those that share most first."""
    kept = np.array([place for place in middles if place < len(seen.counts)], np.int64)
    plain, mirrored = ([seen.points(place, side).descriptors for place in kept.tolist()] for side in (0, 1))
    found = shared(plain, mirrored, candidates, progress)
    return np.column_stack([kept[found.a], kept[found.b], found.mirrored]).astype(np.int64)


def _together(near: _Found, checked: dict[tuple[int, int], int]) -> _Found:
    """Pairs of the hashes and those that were looked at, ascending."""
    known = {(a, b): i for i, (a, b) in enumerate(near.pairs.tolist())}
    pairs = sorted(known.keys() | checked.keys())
    places = np.array([known.get(pair, -1) for pair in pairs], np.int64)
    bits, turn = (
        np.where(places >= 0, np.r_[values, fill][places], fill).astype(np.int32)
        for values, fill in ((near.bits, UNKNOWN), (near.turn, 0))
    )
    points = np.array([checked.get(pair, UNCHECKED) for pair in pairs], np.int32)
    return _Found(np.array(pairs, np.int64).reshape(-1, 2), bits, turn, points)
