"""All close pairs of many hashes without comparing all: those that are close agree in some part of their bits, nearly.

The bits, in an order by chance, are cut into m parts. Of two hashes that differ in at most r = m t + a bits either one
of the first a + 1 parts differs in at most t bits or one of the others in at most t - 1: had all of them one more, that
would be r + 1. So for each part the rows are sorted by its bits, and every group of equal bits is compared with the
groups whose bits are so near. A pair is given by the first part that finds it.

How many parts is told by what the work would cost, from a sample of pairs; where hashes are much alike or the radius is
wide, comparing all pairs is cheaper.

Reference: Norouzi, Punjani, Fleet: Fast search in Hamming space with multi-index hashing, CVPR 2012.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.types import Ints

ROWS = 256  # of the left side in one step, where all pairs are compared
SAMPLE = 2**14  # pairs
SEED = 0
MOST_BITS = 22  # of a part: 4 million groups
BITS = 64  # of a word
MOST_WORDS = 4  # that are compared at once

# What things cost, in comparisons of two rows: of 256 bits within 31, 0.07 ns where bits are counted in eight words at
# a time (AVX-512), 0.3 ns in four (AVX2). Fitted to 30,000 to 1,000,000 random hashes and 5 to 28 parts.
VISIT = 120  # of a group to another, apart from their rows
ROW = 7  # in such a visit: groups are filled up to eights
SORT = 250  # of a row by one part
CLEARLY = 0.6  # of the cost of all pairs: where many hashes are nearly close, the parts cost up to twice what is told
STEP = 5e8  # a twentieth of a second or less

Words = npt.NDArray[np.uint64]  # (N, W): bits, 64 a word
Bools = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.intp]  # (D,) positions, from 0 on; 64 a word
Find = Callable[[Ints], int]  # fills (3, P) with a, b and the bits that differ; the number of pairs there are


@dataclass(frozen=True)
class Part:
    """Some of the bits, and in how many of them a pair may differ.

    Attributes:
        bits: positions.
        most: bits that may differ.
        cost: of all visits, in comparisons.
    """

    bits: Bits
    most: int
    cost: float


def every_pair(left: Words, right: Words, radius: int, most: int) -> Iterator[tuple[float, Find]]:
    """Steps that compare all pairs, each with the share of the work that is done before it.

    Args:
        left: (N, W) hashes.
        right: (M, W) hashes; the same array where these are the same.
        radius: bits.
        most: pairs from which on a step looks no further.
    """
    from imgsim.duplicates import _close_kernel as kernel

    n = len(left)
    starts = np.append(np.arange(0, n, ROWS), n).astype(np.int32)
    sides = _as_it_is(left, starts), _as_it_is(right, np.array([0, len(right)], np.int32))
    none = np.zeros((0, left.shape[1]), np.uint64), np.zeros(0, np.int64)
    search = (*sides, _first(left.shape[1], radius), left is right, np.zeros(1, np.int64), none, radius, most)
    for group in range(len(starts) - 1):
        yield 1 - (1 - starts[group] / n) ** 2, partial(kernel.close, group, group + 1, *search)


def by_parts(left: Words, right: Words, parts: Sequence[Part], radius: int, most: int) -> Iterator[tuple[float, Find]]:
    """The same for pairs that are near in one of the parts, whose rows are sorted when its first step is asked for."""
    from imgsim.duplicates import _close_kernel as kernel

    alike, first = left is right, _first(left.shape[1], radius)
    columns = [np.ascontiguousarray(side.T) for side in ((left,) if alike else (left, right))]
    masks = np.array([_mask(part.bits, left.shape[1]) for part in parts])
    least = np.array([part.most for part in parts], np.int64)
    done, total = 0.0, _total(parts)
    for at, part in enumerate(parts):
        sides = [_grouped(side, part.bits) for side in columns]
        near = _near(len(part.bits), part.most)
        search = (sides[0], sides[-1], first, alike, near, (masks[:at], least[:at]), radius, most)
        groups = 2 ** len(part.bits)
        blocks = -(-groups // kernel.BLOCK)
        step = -(-blocks // math.ceil(part.cost / STEP)) * kernel.BLOCK
        for start in range(0, groups, step):
            share = (done + part.cost * start / groups) / total
            yield share, partial(kernel.close, start, min(start + step, groups), *search)
        done += part.cost


def _first(words: int, radius: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many words the kernel compares first: those in which other hashes differ in more bits than the radius.

    But for five standard deviations, of bits by chance. The second is all of them, or as many as the kernel knows.
    """
    enough = (k for k in range(1, words) if k * BITS / 2 - 5 * math.sqrt(k * BITS) / 2 > radius)
    return (0,) * min(next(enough, words), MOST_WORDS), (0,) * min(words, MOST_WORDS)


def _as_it_is(words: Words, starts: Ints) -> Any:
    from imgsim.duplicates import _close_kernel as kernel

    rows = np.arange(len(words), dtype=np.int32)
    return kernel.Side(rows, starts, kernel.ordered(np.ascontiguousarray(words.T), rows))


def _grouped(columns: Words, bits: Bits) -> Any:
    from imgsim.duplicates import _close_kernel as kernel

    rows, starts = kernel.grouped(kernel.gathered(columns, bits // BITS, bits % BITS), 2 ** len(bits))
    return kernel.Side(rows, starts, kernel.ordered(columns, rows))


def _mask(bits: Bits, words: int) -> Words:
    """(W,) words with these bits set."""
    mask = np.zeros(words, np.uint64)
    np.bitwise_or.at(mask, bits // BITS, np.uint64(1) << (bits % BITS).astype(np.uint64))
    return mask


def _near(bits: int, most: int) -> npt.NDArray[np.int64]:
    """All numbers of so many bits of which at most `most` are set, ascending."""
    sets = (some for n in range(most + 1) for some in combinations(range(bits), n))
    return np.sort(np.array([sum(1 << bit for bit in some) for some in sets], np.int64))


def parts_of(left: Words, right: Words, radius: int) -> list[Part]:
    """The parts whose cost is least; none where hashes are all the same."""
    random = np.random.default_rng(SEED)
    rows = random.integers(0, len(left), SAMPLE), random.integers(0, len(right), SAMPLE)
    some, others = left[rows[0]], right[rows[1]]
    bits = random.permutation(_varying(np.concatenate([some, others])))
    differ = _set((some ^ others)[rows[0] != rows[1]], bits)
    before = np.zeros((len(bits) + 1, differ.shape[1]), np.int32)  # bits that differ, of the first so many
    for at, one in enumerate(differ):
        np.add(before[at], one, out=before[at + 1])

    def part(lo: int, hi: int, most: int) -> Part:
        share = float(np.mean(before[hi] - before[lo] <= most))
        return Part(bits[lo:hi], most, _cost(hi - lo, most, share, left, right))

    cuts = (_cut(len(bits), m, radius, len(left)) for m in range(1, min(radius + 1, len(bits)) + 1))
    return min(([part(*where) for where in cut] for cut in cuts), key=_total, default=[])


def _total(parts: Sequence[Part]) -> float:
    return sum(part.cost for part in parts)


def pays(parts: Sequence[Part], left: Words, right: Words) -> bool:
    """Whether these cost clearly less than comparing all pairs."""
    return bool(parts) and _total(parts) < CLEARLY * len(left) * len(right) / 2


def _varying(words: Words) -> Bits:
    """The bits that are not the same in all rows."""
    varying = np.bitwise_or.reduce(words, axis=0) & ~np.bitwise_and.reduce(words, axis=0)
    return np.flatnonzero(_set(varying[None], np.arange(varying.size * BITS)))


def _set(words: Words, bits: Bits) -> Bools:
    """(D, N) whether these bits of (N, W) words are set."""
    down = (bits % BITS).astype(np.uint64)[:, None]
    return (np.ascontiguousarray(words.T)[bits // BITS] >> down & np.uint64(1)).astype(np.bool_)


def _cut(n_bits: int, m: int, radius: int, n: int) -> list[tuple[int, int, int]]:
    """Where m parts begin and end, and in how many of its bits each may differ; not more groups than are useful."""
    widest = min(MOST_BITS, math.ceil(math.log2(max(n, 2))) + 1)
    most, wider = divmod(radius, m)
    parts, start = [], 0
    for at in range(m):
        end = start + min(widest, n_bits // m + (at < n_bits % m))
        allowed = most if at <= wider else most - 1
        if allowed >= 0:
            parts.append((start, end, allowed))
        start = end
    return parts


def _cost(bits: int, most: int, share: float, left: Words, right: Words) -> float:
    """Of the visits and sorts for a part, in which this share of a sample of pairs is near, or more by chance."""
    groups, near = 1 << bits, sum(math.comb(bits, n) for n in range(most + 1))
    pairs = max(share, near / groups) * len(left) * len(right)
    visits = pairs + near * (ROW * (len(left) + len(right)) / 2 + VISIT * groups)
    return visits / 2 + SORT * len(left) if left is right else visits + SORT * (len(left) + len(right))
