"""Which pictures share details: pairs of pictures some of whose descriptors have equal bits at random places.

Two views of one detail differ in few of 256 bits, so that a draw of 32 bits is often the same in both; of two
other details it rarely is. Each draw is one sort, so the work grows little faster than the number of pictures.

Reference: Gionis, Indyk, Motwani: Similarity search in high dimensions via hashing, VLDB 1999 (bit sampling).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imgsim.progress import Progress, silent
from imgsim.types import Ints

DRAWS = 6
N_BITS = 32  # of a key
CROWD = 6  # pictures that share a key; beyond, the detail is a common one and says nothing
FEWEST = 3  # votes below which pictures share details by chance
SEED = 0

Array = npt.NDArray[Any]


class Votes(NamedTuple):
    """P pairs of places a < b, and how many draws' keys they share; the most first, then by place.

    `mirrored` is 1 where one of them shares more with the mirror image of the other, else 0.
    """

    a: Ints
    b: Ints
    mirrored: Ints
    votes: Ints


def shared(places: Sequence[Array], sides: Sequence[Array], most: int, progress: Progress = silent) -> Votes:
    """The pairs that share most, each among the `most` best of one of its two.

    Args:
        places: (n,) uint8 (n, 32) descriptors of each of R pictures.
        sides: the same of their mirror images.
        most: pairs kept for each picture.
        progress: told of every draw.
    """
    n = len(places)
    owners = np.repeat(np.arange(n), [len(one) for one in places])
    mirror_owners = np.repeat(np.arange(n), [len(one) for one in sides])
    if not len(owners) or n < 2:
        return Votes(*(np.zeros(0, np.int32) for _ in range(4)))
    stacked, mirrored = np.concatenate(places), np.concatenate(sides)
    random, codes = np.random.default_rng(SEED), []
    for draw in range(DRAWS):
        progress("Looking for shared details", draw, DRAWS)
        bits = random.permutation(stacked.shape[1] * 8)[:N_BITS]
        own = _once(_keys(stacked, bits), owners)
        codes.append(_within(own, n) * 2)
        codes.append(_between(own, _once(_keys(mirrored, bits), mirror_owners), n) * 2 + 1)
    found, counts = np.unique(np.concatenate(codes), return_counts=True)
    order = np.lexsort((found, -counts))
    found, counts = found[order], counts[order]
    kept = np.sort(np.unique(found // 2, return_index=True)[1])  # of the picture and its mirror image the better one
    kept = kept[counts[kept] >= FEWEST]
    a, b = np.divmod(found[kept] // 2, n)
    best = _best(a, b, most)
    progress("Looking for shared details", DRAWS, DRAWS)
    return Votes(*(one[best].astype(np.int32) for one in (a, b, found[kept] % 2, counts[kept])))


def _keys(descriptors: Array, bits: Array) -> npt.NDArray[np.uint64]:
    """(n,) the chosen bits of (n, 32) bytes as numbers."""
    keys = np.zeros(len(descriptors), np.uint64)
    for bit in bits.tolist():
        keys = (keys << np.uint64(1)) | ((descriptors[:, bit // 8] >> (bit % 8)) & 1).astype(np.uint64)
    return keys


def _once(keys: npt.NDArray[np.uint64], owners: Array) -> tuple[Array, Array]:
    """Keys in ascending order with their owners, each owner once a key, without the keys that a crowd shares."""
    both = np.unique((keys << np.uint64(32)) | owners.astype(np.uint64))
    keys, owners = both >> np.uint64(32), (both & np.uint64(0xFFFFFFFF)).astype(np.int64)
    _, where, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kept = counts[where] <= CROWD
    return keys[kept], owners[kept]


def _within(own: tuple[Array, Array], n: int) -> npt.NDArray[np.int64]:
    """A * n + b of every two owners a < b of one key."""
    keys, owners = own
    found = []
    for step in range(1, CROWD):
        same = np.flatnonzero(keys[step:] == keys[:-step])
        found.append(owners[same] * n + owners[same + step])  # owners ascend within a key
    return np.concatenate(found)


def _between(own: tuple[Array, Array], other: tuple[Array, Array], n: int) -> npt.NDArray[np.int64]:
    """A * n + b of every two owners, one of either list, of one key."""
    first, last = (np.searchsorted(own[0], other[0], side=side) for side in ("left", "right"))
    found = []
    for step in range(CROWD):
        here = np.flatnonzero(first + step < last)
        a, b = own[1][first[here] + step], other[1][here]
        differ = a != b
        found.append(np.minimum(a, b)[differ] * n + np.maximum(a, b)[differ])
    return np.concatenate(found)


def _best(a: Array, b: Array, most: int) -> npt.NDArray[np.int64]:
    """Places, ascending, of the pairs that are among the first `most` of one of their two."""
    kept = np.zeros(len(a), bool)
    for ends in (a, b):
        order = np.argsort(ends, kind="stable")
        starts = np.flatnonzero(np.diff(ends[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
        kept[order[rank < most]] = True
    return np.flatnonzero(kept)
