"""All pairs of N hashes that differ in few bits: exact, in seconds for 100,000."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.progress import Progress, silent
from imgsim.types import Ints

COMPILE_FROM = 2_000  # hashes; below, numpy is done before a compiler is
ROWS = 256  # of the left side in one step
MOST_PAIRS = 3_000_000  # beyond that the radius says nothing

Words = npt.NDArray[np.uint64]  # (N, W): bits, 64 a word


class Close(NamedTuple):
    """P pairs of rows, a < b each, in ascending order, and the number of bits in which they differ."""

    a: Ints
    b: Ints
    bits: Ints


def packed(vectors: npt.NDArray[Any]) -> Words:
    """(N, D) zeros and ones as (N, ceil(D / 64)) words."""
    ones = np.asarray(vectors) > 0
    padded = np.pad(ones, ((0, 0), (0, -ones.shape[1] % 64)))
    return np.packbits(padded, axis=1).view(np.uint64)


def close_pairs(left: Words, right: Words, radius: int, progress: Progress = silent) -> Close:
    """The pairs a < b for which row a of `left` and row b of `right` differ in at most `radius` bits.

    Give the same array twice for all pairs of one collection; the left side may be the hashes of turned pictures.

    Raises:
        InputError: there are more than 3,000,000 such pairs.
    """
    n = len(left)
    find = _compiled() if n >= COMPILE_FROM else _plain
    starts = range(0, n, ROWS)
    found, total = [], 0
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        blocks = pool.map(lambda start: _block(find, left, right, start, radius), starts)
        for start, block in zip(starts, blocks, strict=True):
            progress("Comparing hashes", start, n)
            found.append(block)
            total += len(block.a)
            if total > MOST_PAIRS:
                pool.shutdown(cancel_futures=True)
                raise InputError(
                    f"pairs within {radius} bits must be at most {MOST_PAIRS:,}, got more; choose fewer bits."
                )
    progress("Comparing hashes", n, n)
    return Close(*(np.concatenate(part).astype(np.int32) for part in zip(*found, strict=True))) if found else _none()


def _none() -> Close:
    return Close(*(np.zeros(0, np.int32) for _ in range(3)))


def _block(find: Callable[..., Any], left: Words, right: Words, start: int, radius: int) -> Close:
    """The pairs of some rows of the left side; the room is widened until they fit."""
    room, stop = 4096, min(start + ROWS, len(left))
    while True:
        out = np.empty((3, room), np.int32)
        count = find(left, right, start, stop, radius, out)
        if count <= room:
            return Close(*out[:, :count])
        room = count


def _plain(left: Words, right: Words, start: int, stop: int, radius: int, out: Ints) -> int:
    differ = np.zeros((stop - start, len(right)), np.int32)
    for word in range(left.shape[1]):
        differ += np.bitwise_count(left[start:stop, word, None] ^ right[None, :, word])
    later = np.arange(len(right))[None] > np.arange(start, stop)[:, None]
    a, b = np.nonzero((differ <= radius) & later)
    if len(a) <= out.shape[1]:
        out[:, : len(a)] = a + start, b, differ[a, b]
    return len(a)


@cache
def _compiled() -> Callable[..., Any]:
    """The same in machine code: the first two words of all columns at once, the rest where these are close."""
    import numba

    one, two, four = np.uint64(1), np.uint64(2), np.uint64(4)
    m1, m2, m4 = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
    spread, top = np.uint64(0x0101010101010101), np.uint64(56)

    @numba.njit(nogil=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
    def ones(x: Any) -> Any:
        x = x - ((x >> one) & m1)
        x = (x & m2) + ((x >> two) & m2)
        return (((x + (x >> four)) & m4) * spread) >> top

    @numba.njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
    def find(left: Any, right: Any, start: int, stop: int, radius: int, out: Any) -> int:
        count, room = 0, out.shape[1]
        n, words = right.shape
        ahead = min(2, words)
        first, second = right[:, 0].copy(), right[:, ahead - 1].copy()  # contiguous, so that eight go at a time
        bits = np.empty(n, np.uint64)
        for row in range(start, stop):
            a, b = left[row, 0], left[row, ahead - 1]
            if ahead == 2:
                for column in range(row + 1, n):
                    bits[column] = ones(a ^ first[column]) + ones(b ^ second[column])
            else:
                for column in range(row + 1, n):
                    bits[column] = ones(a ^ first[column])
            for column in range(row + 1, n):
                if bits[column] <= np.uint64(radius):
                    total = np.int64(bits[column])
                    for word in range(ahead, words):
                        total += np.int64(ones(left[row, word] ^ right[column, word]))
                    if total <= radius:
                        if count < room:
                            out[0, count], out[1, count], out[2, count] = row, column, total
                        count += 1
        return count

    return find  # type: ignore[no-any-return, unused-ignore]
