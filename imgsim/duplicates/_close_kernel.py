"""What numba compiles for `hamming` and `multi_index`: which hashes of two groups of rows are close.

Imported when there are many hashes, since numba takes a moment; the compiled code is kept on disk. Eight rows of the
right side are compared at a time, without a branch, by their first words; the rest is looked at where these are close.
"""

# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from numba.extending import intrinsic

AT_ONCE = 8  # rows of the right side; `Side.words` has as many to spare
BLOCK = 64  # groups of the left side that stay in the cache
STEP = 4096  # rows whose bits are gathered at a time


class Side(NamedTuple):
    """Hashes of one side, in groups.

    Attributes:
        rows: (N,) their rows in the order of the groups, ascending within each.
        starts: (G + 1,) where groups start.
        words: (W, N + 8) of the hashes in the order of the groups.
    """

    rows: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    words: npt.NDArray[np.uint64]


@intrinsic
def _ones(_context, _word=None):
    """The number of bits set; one instruction where the processor has it."""
    return numba.types.uint64(numba.types.uint64), lambda _, builder, __, words: builder.ctpop(words[0])


@numba.njit(nogil=True, cache=True)
def _apart(heads, near, i, far, j):
    """Bits in which the first words of two rows differ; `heads` is a tuple of as many."""
    total = np.uint64(0)
    for word in range(len(heads)):
        total += _ones(near[word, i] ^ far[word, j])
    return total


@numba.njit(nogil=True, cache=True)
def close(lo, hi, left, right, first, alike, masks, earlier, radius, most, out):
    """Pairs a < b of groups lo to hi of the left side with those of the right whose number differs by one of the masks.

    Args:
        lo: the first group.
        hi: behind the last one.
        left: a `Side`.
        right: another, of as many groups or of one, which is everybody's partner then.
        first: two tuples: of as many zeros as words are compared first, and then.
        alike: whether both sides hold the same hashes; then two groups are compared once.
        masks: ascending, so that what is near in memory is visited together.
        earlier: (S, W) masks of words and (S,) bits: pairs that differ in so few bits under any are left out.
        radius: bits.
        most: pairs from which on no more are looked for.
        out: (3, P) int32, for a < b and the bits in which they differ.

    Returns:
        The number of pairs, also of those that had no room.
    """
    near, far, starts, ends = left.words, right.words, left.starts, right.starts  # else they are counted at each use
    groups, count, bits, (heads, more) = len(ends) - 1, 0, np.uint64(radius), first
    for block in range(lo, hi, BLOCK):
        for mask in masks:
            for v in range(block, min(block + BLOCK, hi)):
                w = (v ^ mask) & (groups - 1)
                if alike and w < v and groups > 1:
                    continue
                itself = groups == 1 or (alike and w == v)  # then rows ascend on both sides, and so do pairs
                for at in range(starts[v] if itself else ends[w], ends[w + 1], AT_ONCE):
                    stop = min(starts[v + 1], at + AT_ONCE) if itself else starts[v + 1]
                    beyond = starts[v] + -(-(stop - starts[v]) // AT_ONCE) * AT_ONCE  # by eights here too
                    same = max(0, min(beyond, at + AT_ONCE) - max(starts[v], at)) if alike else 0
                    hits, column = np.uint64(0), np.uint64(at)
                    for i in range(np.uint64(starts[v]), np.uint64(beyond)):  # `_hits`; a call takes as long as this
                        for ahead in range(AT_ONCE):
                            hits += np.uint64(_apart(heads, near, i, far, column + np.uint64(ahead)) <= bits)
                    if hits <= np.uint64(same) or _hits(more, near, starts[v], beyond, far, at, radius) <= same:
                        continue
                    where = (starts[v], stop, at, min(at + AT_ONCE, ends[w + 1]), alike and not itself)
                    count = _looked_up(where, left, right, more, earlier, radius, out, count)
                    if count > most:
                        return count
    return count


@numba.njit(nogil=True, cache=True)
def _hits(heads, near, start, stop, far, at, radius):
    """How many pairs of these rows of the left side with eight of the right are close by their first words."""
    column, bits, hits = np.uint64(at), np.uint64(radius), np.uint64(0)
    for i in range(np.uint64(start), np.uint64(stop)):
        for ahead in range(AT_ONCE):
            hits += np.uint64(_apart(heads, near, i, far, column + np.uint64(ahead)) <= bits)
    return np.int64(hits)


@numba.njit(nogil=True, cache=True)
def _looked_up(where, left, right, heads, earlier, radius, out, count):
    """The number of pairs with those of some rows of both sides, in either order or with a < b only."""
    first, stop, at, end, both = where
    near, far, rows, others = left.words, right.words, left.rows, right.rows
    for i in range(first, stop):
        if _hits(heads, near, i, i + 1, far, at, radius):
            for j in range(at, end):
                total = _differing(near, i, far, j)
                if total <= radius and (rows[i] < others[j] or both) and not _found(earlier, near, i, far, j):
                    if count < out.shape[1]:
                        a, b = rows[i], others[j]
                        out[0, count], out[1, count], out[2, count] = min(a, b), max(a, b), total
                    count += 1
    return count


@numba.njit(nogil=True, cache=True)
def _differing(near, i, far, j):
    total = np.uint64(0)
    for word in range(near.shape[0]):
        total += _ones(near[word, i] ^ far[word, j])
    return np.int64(total)


@numba.njit(nogil=True, cache=True)
def _found(earlier, near, i, far, j):
    """Whether the pair is so near under one of the earlier masks."""
    masks, bits = earlier
    for s in range(len(bits)):
        total = np.uint64(0)
        for word in range(near.shape[0]):
            total += _ones((near[word, i] ^ far[word, j]) & masks[s, word])
        if np.int64(total) <= bits[s]:
            return True
    return False


@numba.njit(nogil=True, cache=True)
def gathered(columns, at, shift):
    """(N,) numbers of the bits `shift` of the words `at`; columns: (W, N) words."""
    values = np.zeros(columns.shape[1], np.uint32)
    for start in range(0, len(values), STEP):
        some = values[start : start + STEP]
        for bit in range(len(at)):
            words = columns[at[bit], start : start + STEP]
            down, up = np.uint64(shift[bit]), np.uint64(bit)
            for i in range(len(some)):
                some[i] |= np.uint32(((words[i] >> down) & np.uint64(1)) << up)
    return values


@numba.njit(nogil=True, cache=True)
def grouped(values, groups):
    """(N,) rows by value, ascending within each, and (G + 1,) where groups start: a counting sort."""
    starts, rows = np.zeros(groups + 1, np.int32), np.empty(len(values), np.int32)
    for value in values:
        starts[value + 1] += 1
    for group in range(groups):
        starts[group + 1] += starts[group]
    at = starts[:-1].copy()
    for row in range(len(values)):
        rows[at[values[row]]] = row
        at[values[row]] += 1
    return rows, starts


@numba.njit(nogil=True, cache=True)
def ordered(columns, rows):
    """(W, N + 8) the words of the rows in this order; columns: (W, N) words."""
    found = np.zeros((len(columns), len(rows) + AT_ONCE), np.uint64)
    for word in range(len(columns)):
        words, some = columns[word], found[word]
        for i in range(len(rows)):
            some[i] = words[rows[i]]
    return found
