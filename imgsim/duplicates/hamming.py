"""All pairs of N hashes that differ in few bits: exact, in seconds for 1,000,000."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imgsim.duplicates import multi_index
from imgsim.errors import InputError
from imgsim.images.threads import default_threads, in_order
from imgsim.progress import Progress, silent
from imgsim.types import Ints

COMPILE_FROM = 2_000  # hashes; below, numpy is done before a compiler is
PARTS_FROM = 50_000  # hashes; below, all pairs are compared in a tenth of a second
MOST_PAIRS = 3_000_000  # beyond that the radius says nothing

Words = multi_index.Words


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
    n, found, total = len(left), [_none()], 0
    right = left if np.array_equal(left, right) else right
    work = partial(_step, radius=radius)
    progress("Comparing hashes", 0, n)
    with closing(in_order(work, _steps(left, right, radius), ahead=2 * default_threads())) as steps:
        for share, some in steps:
            progress("Comparing hashes", int(share * n), n)
            found.append(some)
            total += len(some.a)
            if total > MOST_PAIRS:
                raise _crowd(radius)
    progress("Comparing hashes", n, n)
    a, b, bits = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((b, a))
    return Close(a[order], b[order], bits[order])


def _steps(left: Words, right: Words, radius: int) -> Iterator[tuple[float, multi_index.Find]]:
    """What is to be looked at, each with the share of the work that is done before it."""
    if len(left) < COMPILE_FROM:
        starts = range(0, len(left), multi_index.ROWS)
        return ((start / len(left), partial(_plain, left, right, start, radius)) for start in starts)
    if len(left) >= PARTS_FROM:
        parts = multi_index.parts_of(left, right, radius)
        if multi_index.pays(parts, left, right):
            return multi_index.by_parts(left, right, parts, radius, MOST_PAIRS)
    return multi_index.every_pair(left, right, radius, MOST_PAIRS)


def _step(step: tuple[float, multi_index.Find], radius: int) -> tuple[float, Close]:
    """The pairs that one step finds; the room is widened until they fit."""
    share, find = step
    room = 4096
    while True:
        out = np.empty((3, room), np.int32)
        count = find(out)
        if count <= room:
            return share, Close(*out[:, :count].copy())
        if count > MOST_PAIRS:
            raise _crowd(radius)
        room = count


def _crowd(radius: int) -> InputError:
    return InputError(f"pairs within {radius} bits must be at most {MOST_PAIRS:,}, got more; choose fewer bits.")


def _none() -> Close:
    return Close(*(np.zeros(0, np.int32) for _ in range(3)))


def _plain(left: Words, right: Words, start: int, radius: int, out: Ints) -> int:
    """The same as the kernel's for some rows of the left side, without a compiler."""
    stop = min(start + multi_index.ROWS, len(left))
    differ = np.zeros((stop - start, len(right)), np.int32)
    for word in range(left.shape[1]):
        differ += np.bitwise_count(left[start:stop, word, None] ^ right[None, :, word])
    later = np.arange(len(right))[None] > np.arange(start, stop)[:, None]
    a, b = np.nonzero((differ <= radius) & later)
    if len(a) <= out.shape[1]:
        out[:, : len(a)] = a + start, b, differ[a, b]
    return len(a)
