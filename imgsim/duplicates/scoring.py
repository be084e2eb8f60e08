"""What in a collection looks alike: pairs by hash bits, also of turned pictures, and by agreeing points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imgsim.duplicates import hamming
from imgsim.duplicates.groups import components
from imgsim.duplicates.verification import Verifier
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.methods.pdq import dihedral_variants
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Float, Ints, key_of

VERSION = 1
HASH = "pdq"
SPACE = "imgsim_mini"  # its neighbours are candidates: crops and captions that no hash of the whole picture finds
NEAR = 31  # of 256 bits: the hash's own threshold
WIDE = 56  # bits up to which pairs are kept, so that the threshold can be moved
PLAIN = 64  # set bits below which there is nothing to hash; a picture has about 128
MOST_CHECKED = 60_000  # pairs looked at point by point
UNKNOWN = 257  # bits of a pair that the hashes do not find
UNCHECKED = -1

Pairs = npt.NDArray[np.int64]  # (P, 2), a < b


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
        skipped: candidates that were not looked at, because there were too many.
    """

    first: Ints
    pairs: Pairs
    bits: Ints
    turn: Ints
    points: Ints
    plain: npt.NDArray[np.bool_]
    skipped: int


def score_pairs(
    pipeline: Pipeline, collection: Collection, candidates: int = 10, progress: Progress = silent
) -> Scored:
    """All pairs that may be copies; kept in the store.

    Args:
        pipeline: where embeddings come from and the result goes.
        collection: N images.
        candidates: nearest images of the semantic space to check point by point; 0 checks none and is fast.
        progress: told of every stage.

    Raises:
        InputError: the collection is empty.
    """
    spaces = [METHODS.create(HASH), *([METHODS.create(SPACE)] if candidates else [])]
    embedded = pipeline.embed(collection, spaces, progress)
    keys = [space.key for space in embedded]

    def build(directory: Path) -> None:
        graph = pipeline.neighbors(embedded[1], progress=progress).indices[:, :candidates] if candidates else None
        found = _scored(pipeline, collection, np.asarray(embedded[0].vectors), graph, progress)
        arrays = {name: getattr(found, name) for name in ("first", "pairs", "bits", "turn", "points", "plain")}
        write_arrays(directory, {"skipped": found.skipped}, arrays)

    key = key_of("duplicates", embeddings=keys, candidates=candidates, version=VERSION)
    facts, arrays = read_arrays(pipeline.store.compute("duplicates", key, build, progress))
    return Scored(**{name: np.asarray(array) for name, array in arrays.items()}, skipped=int(facts["skipped"]))


def first_rows(hashes: tuple[str, ...]) -> Ints:
    """(N,) the first row with the same contents."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(one, row) for row, one in enumerate(hashes)], np.int32)


def _scored(
    pipeline: Pipeline, collection: Collection, vectors: Float, graph: Ints | None, progress: Progress
) -> Scored:
    first = first_rows(collection.hashes)
    unique = np.unique(first)
    plain = vectors.sum(axis=1) < PLAIN
    near = _near(vectors, unique[~plain[unique]], graph is not None, progress)
    by_space = _by_space(graph, first)
    pairs = np.array(sorted(near.keys() | by_space), np.int64).reshape(-1, 2)
    bits, turn = (np.array([near.get((a, b), (UNKNOWN, 0))[i] for a, b in pairs.tolist()], np.int32) for i in (0, 1))
    points = np.full(len(pairs), UNCHECKED, np.int32)
    scored = Scored(first, pairs, bits, turn, points, plain, 0)
    return scored if graph is None else _checked(pipeline, collection, scored, progress)


def _near(vectors: Float, rows: Ints, turned: bool, progress: Progress) -> dict[tuple[int, int], tuple[int, int]]:
    """By pair of rows: bits that differ and the turn, the fewest bits and then the smallest turn."""
    best: dict[tuple[int, int], tuple[int, int]] = {}
    hashes = vectors[rows] > 0
    right = hamming.packed(hashes)
    variants = _variants(hashes) if turned else hashes[None]
    for turn, left in enumerate(variants):
        close = _within(hamming.packed(left), right, progress)
        for a, b, bits in zip(rows[close.a].tolist(), rows[close.b].tolist(), close.bits.tolist(), strict=True):
            best[a, b] = min(best.get((a, b), (UNKNOWN, 0)), (bits, turn))
    return best


def _variants(hashes: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(8, N, 256) hashes of the eight turns of each picture."""
    if not len(hashes):
        return np.zeros((8, 0, hashes.shape[1]), bool)
    return np.stack([dihedral_variants(one.astype(np.int8)) for one in hashes], axis=1) > 0


def _within(left: hamming.Words, right: hamming.Words, progress: Progress) -> hamming.Close:
    """Pairs up to the wide radius; where that is a crowd, up to the hash's own threshold."""
    try:
        return hamming.close_pairs(left, right, WIDE, progress)
    except InputError:
        return hamming.close_pairs(left, right, NEAR, progress)


def _by_space(graph: Ints | None, first: Ints) -> set[tuple[int, int]]:
    if graph is None or not graph.size:
        return set()
    ends = np.stack([np.repeat(first, graph.shape[1]), first[graph.ravel()]], axis=1)
    return {(a, b) for a, b in np.sort(ends, axis=1).tolist() if a != b}


def _checked(pipeline: Pipeline, collection: Collection, scored: Scored, progress: Progress) -> Scored:
    """The same with points counted, and each picture of a family compared with the middle one of it."""
    certain = (scored.turn == 0) & (scored.bits <= NEAR)
    wanted = np.flatnonzero(~certain)
    wanted = wanted[np.argsort(scored.bits[wanted], kind="stable")]
    chosen, skipped = wanted[:MOST_CHECKED], max(0, len(wanted) - MOST_CHECKED)
    verifier = Verifier(pipeline, collection, progress)
    points = scored.points.copy()
    points[chosen] = verifier.points(scored.pairs[chosen])
    linked = certain | (points >= verifier.enough)
    more = _to_the_middle(scored.pairs, linked, len(collection))[: MOST_CHECKED - len(chosen)]
    return Scored(
        scored.first,
        np.concatenate([scored.pairs, more]),
        np.concatenate([scored.bits, np.full(len(more), UNKNOWN, np.int32)]),
        np.concatenate([scored.turn, np.zeros(len(more), np.int32)]),
        np.concatenate([points, verifier.points(more)]).astype(np.int32),
        scored.plain,
        skipped,
    )


def _to_the_middle(pairs: Pairs, linked: npt.NDArray[np.bool_], n: int) -> Pairs:
    """(M, 2) pairs not compared yet, of each picture and the best linked one of its component."""
    known = {(a, b) for a, b in pairs.tolist()}
    degree = np.bincount(pairs[linked].ravel(), minlength=n)
    more = set()
    for rows in components(pairs[linked], n):
        middle = int(rows[np.argmax(degree[rows])])
        more |= {(min(middle, row), max(middle, row)) for row in rows.tolist() if row != middle}
    return np.array(sorted(more - known), np.int64).reshape(-1, 2)
