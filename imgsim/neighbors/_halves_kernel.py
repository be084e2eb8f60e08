"""What numba compiles for `halves`: which pairs of a block of products may be near, and their exact distances.

Imported when a large graph is asked for, since numba takes a second; the compiled code is kept on disk.
"""

# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call"
from __future__ import annotations

import numba
import numpy as np
from numba.extending import overload

TILE = 64  # products that are looked at together


def _wide(product):
    """Float32 of a product: as it is, or from its upper 16 bits (bfloat16) in an unsigned integer."""


@overload(_wide)
def _widened(product):
    if product == numba.types.float32:
        return lambda product: product
    return lambda product: np.uint32(np.uint32(product) << np.uint32(16)).view(np.float32)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _any_within(products, offsets, limit):
    """Whether offset - 2 product <= limit anywhere; without a branch, so that many are looked at in a step."""
    hits = np.int32(0)
    for c in range(len(products)):
        hits += np.int32(offsets[c] - np.float32(2) * _wide(products[c]) <= limit)
    return hits > 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def first_bounds(products, lo, hi, row, least, gap, slack, k, group):
    """Bounds of rows `row + lo` to `row + hi` from their own block: the k-th smallest of the least of each group."""
    width = products.shape[1]
    nearest = np.empty(-(-width // group), np.float32)
    for r in range(lo, hi):
        i = row + r
        for at in range(len(nearest)):
            found = np.float32(np.inf)
            for c in range(at * group, min(at * group + group, width)):
                value = least[row + c] + 2 * slack[row + c] - np.float32(2) * _wide(products[r, c])
                if value < found and c != r:
                    found = value
            nearest[at] = found
        gap[i] = -(_kth(nearest, k - 1) + 2 * slack[i])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def from_rows(products, lo, hi, row, column, least, gap, slack, filled, lower, places, k):
    """Candidates of rows `row + lo` to `row + hi` among the columns from `column` on."""
    width = products.shape[1]
    offsets = least[column : column + width]
    for r in range(lo, hi):
        i, line = row + r, products[r]
        for start in range(0, width, TILE):
            stop = min(start + TILE, width)
            if not _any_within(line[start:stop], offsets[start:stop], -gap[i]):
                continue
            for c in range(start, stop):
                value = offsets[c] - np.float32(2) * _wide(line[c])
                if value <= -gap[i] and i != column + c:
                    _keep(i, column + c, value + least[i], least, gap, slack, filled, lower, places, k)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def from_columns(products, lo, hi, row, column, least, gap, slack, filled, lower, places, k):
    """Candidates of rows `column + lo` to `column + hi` among those from `row` on: the products serve both sides."""
    offsets = gap[column : column + products.shape[1]]
    for r in range(products.shape[0]):
        i, line = row + r, products[r]
        for start in range(lo, hi, TILE):
            stop = min(start + TILE, hi)
            if not _any_within(line[start:stop], offsets[start:stop], -least[i]):
                continue
            for c in range(start, stop):
                product = np.float32(2) * _wide(line[c])
                if offsets[c] - product <= -least[i]:
                    value = least[column + c] - product + least[i]
                    _keep(column + c, i, value, least, gap, slack, filled, lower, places, k)


@numba.njit(nogil=True, cache=True)
def _keep(i, j, value, least, gap, slack, filled, lower, places, k):
    at = filled[i]
    lower[i, at] = value
    places[i, at] = j
    filled[i] = at + 1
    if at + 1 == lower.shape[1]:
        tighten(i, least, gap, slack, filled, lower, places, k)
        if filled[i] > lower.shape[1] - lower.shape[1] // 8:  # a crowd: leave it to the exact search
            gap[i] = np.inf


@numba.njit(nogil=True, cache=True)
def tighten(i, least, gap, slack, filled, lower, places, k):
    """Lower the bound of row i to the k-th smallest upper value, and drop what is above."""
    n = filled[i]
    if n < k:
        return
    upper = np.empty(n, np.float32)
    for at in range(n):
        upper[at] = lower[i, at] + 2 * slack[places[i, at]]
    bound = _kth(upper, k - 1) + 2 * slack[i]
    kept = 0
    for at in range(n):
        if lower[i, at] <= bound:
            lower[i, kept] = lower[i, at]
            places[i, kept] = places[i, at]
            kept += 1
    filled[i] = kept
    gap[i] = max(gap[i], least[i] - bound)


@numba.njit(nogil=True, cache=True)
def _kth(values, k):
    """The k-th smallest from 0 on, by Hoare's selection; the values change places."""
    left, right = 0, len(values) - 1
    while left < right:
        pivot = values[(left + right) // 2]
        i, j = left, right
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            right = j
        elif k >= i:
            left = i
        else:
            break
    return values[k]


@numba.njit(nogil=True, cache=True)
def ranked(lo, hi, points, least, gap, slack, filled, lower, places, k, plan, squared):
    """The candidates of rows lo to hi by ascending place; their squared distances in `squared`, from row lo on."""
    for i in range(lo, hi):
        if gap[i] == np.inf:
            continue
        tighten(i, least, gap, slack, filled, lower, places, k)
        n = filled[i]
        places[i, :n].sort()
        for at in range(n):
            squared[i - lo, at] = square(points[i], points[places[i, at]], plan)


@numba.njit(nogil=True, cache=True)
def square(a, b, plan):
    """Squared distance, summed in the order of `plan`: so many numbers more, or 0: add the last two sums."""
    sums = np.empty(32, np.float32)
    top, start = 0, 0
    for step in plan:
        if step:
            sums[top] = _square(a, b, start, step)
            start += step
            top += 1
        else:
            top -= 1
            sums[top - 1] += sums[top]
    return sums[0]


@numba.njit(nogil=True, cache=True)
def _square(a, b, start, n):
    total = np.float32(0)
    whole = n - n % 8 if n >= 8 else 0
    if whole:
        lanes = np.zeros(8, np.float32)
        for d in range(start, start + whole, 8):
            for lane in range(8):
                gap = a[d + lane] - b[d + lane]
                lanes[lane] += gap * gap
        total = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
    for d in range(start + whole, start + n):
        total += (a[d] - b[d]) * (a[d] - b[d])
    return total
