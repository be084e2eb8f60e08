"""One part of a round of the layout, as numba compiles it; imported when a map is drawn, since numba takes a second."""

# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
from __future__ import annotations

import numba
import numpy as np

NEGATIVES = 5  # random points that push, for each edge that pulls
STRONGEST = np.float32(4.0)  # most that one pull or push counts for
NEAREST = np.float32(0.001)


@numba.njit(fastmath=True, inline="always")
def _held(value):
    return min(max(value, -STRONGEST), STRONGEST)


@numba.njit(parallel=True, fastmath=True, cache=True)
def move(places, after, indptr, indices, weights, states, a, b, step, done, part, parts):
    """Move every `parts`-th point from `part` on; `after` is room for their new places."""
    n, dims = places.shape
    count = (n - part + parts - 1) // parts
    for t in numba.prange(count):
        i = part + t * parts
        state = states[i]
        here = np.empty(3, np.float32)
        for c in range(dims):
            here[c] = places[i, c]
        for at in range(indptr[i], indptr[i + 1]):
            weight = weights[at]
            if int((done + 1) * weight) == int(done * weight):
                continue  # it is not this edge's turn
            j = indices[at]
            for _ in range(2):  # for the end that the other direction of the edge would have moved
                squared = np.float32(0)
                for c in range(dims):
                    squared += (here[c] - places[j, c]) ** 2
                if squared > 0:
                    power = squared**b
                    pull = -2 * a * b * power / (squared * (a * power + 1))
                    for c in range(dims):
                        here[c] += step * _held(pull * (here[c] - places[j, c]))
            for _ in range(NEGATIVES):
                state ^= state << np.uint64(13)
                state ^= state >> np.uint64(7)
                state ^= state << np.uint64(17)
                other = np.int64(state % np.uint64(n))
                if other == i:
                    continue
                squared = np.float32(0)
                for c in range(dims):
                    squared += (here[c] - places[other, c]) ** 2
                if squared > 0:
                    push = 2 * b / ((NEAREST + squared) * (a * squared**b + 1))
                    for c in range(dims):
                        here[c] += step * _held(push * (here[c] - places[other, c]))
        states[i] = state
        for c in range(dims):
            after[i, c] = here[c]
    for t in numba.prange(count):
        for c in range(dims):
            places[part + t * parts, c] = after[part + t * parts, c]
