"""What numba compiles for `halves`: which pairs of a block of products may be near, and their exact distances.

Imported when a large graph is asked for, since numba takes a second; the compiled code is kept on disk. Rows are
counted in the order of the blocks; `order` gives their place among the points.
"""

# mypy: disable-error-code="no-untyped-def,untyped-decorator,no-untyped-call,assignment,call-arg,var-annotated"
from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

MANY = 1024  # pairs that are looked at together; their numbers stay in the first cache
OFTEN = 8  # candidates of a row until its limit is lowered
EIGHT = 8  # numbers that numpy sums side by side


def _wide(product):
    """Float32 of a product: as it is, or from its upper 16 bits (bfloat16) in an unsigned integer."""


@overload(_wide)
def _widened(product):
    if product == numba.types.float32:
        return lambda product: product
    return lambda product: np.uint32(np.uint32(product) << np.uint32(16)).view(np.float32)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def first_limits(products, row, column, points, order, least, gap, limit, scale, k, groups):
    """Limits of the rows from `row` on: the k-th distance of the nearest, by product, of so many groups of others."""
    width = products.shape[1]
    leasts = least[column : column + width]
    nearest, which = np.empty(groups, np.float32), np.empty(groups, np.int32)
    exact = np.empty(groups, np.float32)
    for r in range(products.shape[0]):
        i, line = row + r, products[r]
        nearest[:] = np.inf
        for start in range(0, width, groups):
            for c in range(start, min(start + groups, width)):
                value = leasts[c] - np.float32(2) * _wide(line[c])
                nearer = value < nearest[c - start] and column + c != i
                nearest[c - start] = value if nearer else nearest[c - start]
                which[c - start] = np.int32(c) if nearer else which[c - start]
        for at in range(groups):
            exact[at] = np.inf
            if nearest[at] < np.inf:
                exact[at] = rough(points, order[i], order[column + which[at]])
        _limited(i, _kth(exact, k - 1), least, gap, limit, scale, points.shape[1])


@numba.njit(cache=True, nogil=True, error_model="numpy")
def look(products, row, column, left, points, order, least, gap, limit, filled, values, places, scale, k):
    """Candidates of the rows from `row` on among those from `column` on, and the other way round.

    Where both are the same rows, of later ones only. What is near by its product is gathered without a branch.
    """
    width = products.shape[1]
    leasts, gaps = least[column : column + width], gap[column : column + width]
    near = np.zeros(-(-width // 8) * 8, np.uint8)
    eights = near.view(np.uint64)
    most = MANY + len(near) + 1
    ours, theirs, room = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.float32)
    n = 0
    for r in range(products.shape[0]):
        i, line, start = row + r, products[r], n
        _mark(near, line, leasts, gaps, least[i], gap[i])
        first = i + 1 - column if 0 <= i - column < width else 0
        near[:first] = 0
        for eight in range(first // 8, len(eights)):
            if eights[eight]:
                for c in range(eight * 8, eight * 8 + 8):
                    theirs[n] = column + c
                    n += np.int64(near[c])
        for at in range(start, n):
            j = theirs[at]
            ours[at] = i
            room[at] = np.float32(2) * _wide(line[j - column]) - min(least[j] + gap[i], least[i] + gap[j])
        if n > MANY or r + 1 == products.shape[0]:
            pairs = (ours[:n], theirs[:n], room[:n])
            _sift(pairs, left, points, order, least, gap, limit, filled, values, places, scale, k)
            n = 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _mark(near, products, leasts, gaps, least, gap):
    """Which are near enough to serve either side; without a branch, so that many are looked at in a step."""
    for c in range(len(products)):
        ours, theirs = leasts[c] + gap, gaps[c] + least
        needed = ours if ours < theirs else theirs
        near[c] = needed <= np.float32(2) * _wide(products[c])


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _sift(pairs, left, points, order, least, gap, limit, filled, values, places, scale, k):
    """Keep those of the pairs (i, j, room) that are near when whole.

    First those that `left` leaves: last numbers of short vectors, the `rest` that stands for them, and `others`, for
    which the first number of the rest stands; what these add to a distance must not be above the room. One loop each
    without a branch, so that what is fetched for a pair does not wait for the pair before.
    """
    length, rest, others = left
    ours, theirs, room = pairs
    n = 0
    for at in range(len(ours)):
        i, j = ours[at], theirs[at]
        added = rough(rest, i, j) - (length[i] - length[j]) * (length[i] - length[j])
        ours[n], theirs[n], room[n] = i, j, room[at] - added
        n += np.int64(room[n] >= 0)
    whole = 0
    for at in range(n):
        i, j = ours[at], theirs[at]
        added = rough(others, i, j) - (rest[i, 0] - rest[j, 0]) * (rest[i, 0] - rest[j, 0])
        ours[whole], theirs[whole] = i, j
        whole += np.int64(added <= room[at])
    for at in range(whole):
        room[at] = rough(points, order[ours[at]], order[theirs[at]])
    for at in range(whole):
        i, j, value = ours[at], theirs[at], room[at]
        if value <= limit[i]:
            _keep(i, j, value, least, gap, limit, filled, values, places, scale, k, points.shape[1])
        if value <= limit[j]:
            _keep(j, i, value, least, gap, limit, filled, values, places, scale, k, points.shape[1])


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")
def rough(points, i, j):
    """Squared distance of two rows, summed in any order; threads that took views of them would count these by turns."""
    total = np.float32(0)
    for d in range(points.shape[1]):
        total += (points[i, d] - points[j, d]) * (points[i, d] - points[j, d])
    return total


@numba.njit(nogil=True, cache=True)
def _limited(i, kth, least, gap, limit, scale, dim):
    """Rows up to this distance may be among the k nearest of row i, with all rounding at its worst."""
    wider = 1 + 8 * (dim + 64) * 2.0**-24
    limit[i] = min(limit[i], kth * np.float32(wider) + np.float32(dim * 2.0**-125))
    gap[i] = np.float32(least[i] - np.float64(limit[i]) * scale * wider)


@numba.njit(nogil=True, cache=True)
def _keep(i, j, value, least, gap, limit, filled, values, places, scale, k, dim):
    at = filled[i]
    values[i, at] = value
    places[i, at] = j
    filled[i] = at + 1
    full = at + 1 == values.shape[1]
    if full or (at + 1) % OFTEN == 0:
        tighten(i, least, gap, limit, filled, values, places, scale, k, dim)
        if full and filled[i] > at + 1 - (at + 1) // 8:  # a crowd: leave it to the exact search
            gap[i] = np.inf
            limit[i] = -1


@numba.njit(nogil=True, cache=True)
def tighten(i, least, gap, limit, filled, values, places, scale, k, dim):
    """Lower the limit of row i to its k-th smallest distance, and drop what is above."""
    n = filled[i]
    if n < k:
        return
    _limited(i, _kth(values[i, :n].copy(), k - 1), least, gap, limit, scale, dim)
    kept = 0
    for at in range(n):
        if values[i, at] <= limit[i]:
            values[i, kept] = values[i, at]
            places[i, kept] = places[i, at]
            kept += 1
    filled[i] = kept


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
def tighten_all(lo, hi, least, gap, limit, filled, values, places, scale, k, dim):
    """`tighten` for rows lo to hi that are not crowded."""
    for i in range(lo, hi):
        if gap[i] < np.inf:
            tighten(i, least, gap, limit, filled, values, places, scale, k, dim)


@numba.njit(nogil=True, cache=True)
def ranked(lo, hi, points, order, gap, filled, places, plan, rows, squared):
    """Places among the points, ascending, and squared distances of the candidates of rows lo to hi, from row lo on."""
    for i in range(lo, hi):
        if gap[i] == np.inf:
            continue
        n, near = filled[i], rows[i - lo]
        for at in range(n):
            near[at] = order[places[i, at]]
        near[:n].sort()
        for at in range(n):
            squared[i - lo, at] = square(points[order[i]], points[near[at]], plan)


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
    whole = n - n % EIGHT
    if whole:
        sums = _side_by_side(a, b, start, start + whole)
        total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
    for d in range(start + whole, start + n):
        total += (a[d] - b[d]) * (a[d] - b[d])
    return total


@intrinsic
def _side_by_side(_context, a, b, start, stop):  # noqa: ARG001
    """Eight sums of squared differences from start to stop, of every eighth number each; one instruction for all.

    Numba would add them one by one, five times as slow.
    """
    signature = types.UniTuple(types.float32, EIGHT)(a, b, types.intp, types.intp)
    eight = ir.VectorType(ir.FloatType(), EIGHT)

    def generate(context, builder, signature, given):
        arrays = zip(signature.args[:2], given[:2], strict=True)
        data = [cgutils.create_struct_proxy(kind)(context, builder, value=value).data for kind, value in arrays]
        sums = cgutils.alloca_once_value(builder, ir.Constant(eight, [0.0] * EIGHT))
        step = ir.Constant(given[2].type, EIGHT)
        with cgutils.for_range_slice(builder, given[2], given[3], step, given[2].type) as (at, _):
            places = [builder.bitcast(builder.gep(one, [at]), eight.as_pointer()) for one in data]
            x, y = (builder.load(place, align=4) for place in places)
            gap = builder.fsub(x, y)
            builder.store(builder.fadd(builder.load(sums), builder.fmul(gap, gap)), sums)
        whole = builder.load(sums)
        lanes = [builder.extract_element(whole, ir.Constant(ir.IntType(32), lane)) for lane in range(EIGHT)]
        return context.make_tuple(builder, signature.return_type, lanes)

    return signature, generate
