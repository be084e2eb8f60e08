"""Short vectors whose distances bound those of long ones from below, and an order in which near ones lie together.

Of a vector on principal axes the first coordinates are kept, and the length of the rest as one more: since
| |x| - |y| | <= |x - y|, the squared distances of short vectors are at most those of the whole, up to rounding. Any
orthonormal axes give a bound; those of a sample give a close one. (N vectors, D dimensions, M of the short.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from imgsim.types import Float

Doubles = npt.NDArray[np.float64]
Values = npt.NDArray[Any]


class Rows(Protocol):
    """Gives (B, D) rows of the points."""

    def __getitem__(self, rows: slice | npt.NDArray[Any]) -> Float: ...


WIDTHS = (32, 48, 64, 80, 96, 128, 192, 256)  # that are weighed, beside D
SPARE = 16  # axes more than are looked for (Halko, Martinsson and Tropp, 2011)
TURNS = 2  # power iterations
SAMPLE, ASKED = 8192, 64  # vectors that tell axes and width
STORED = 32  # what it costs to store a product and to look at it, in multiplications
LOOKED_UP = 20  # and one dimension of a pair that is looked up
MOST_NEAR = 0.02  # share of pairs that short vectors may leave; limits are wider at first, and leave more
STEP = 32  # numbers of the rest that are looked at first
SPREAD = 8  # axes that an order may split by
CHUNK = 2**11


def axes_of(sample: Float, most: int) -> Doubles:
    """(D, up to `most`) orthonormal axes by falling variance of a centred (S, D) sample, nearly the principal ones."""
    dim = sample.shape[1]
    drawn = np.random.default_rng(0).normal(size=(dim, min(dim, most + SPARE))).astype(np.float32)
    for _ in range(TURNS):
        drawn = np.linalg.qr(sample.T @ (sample @ drawn))[0]
    basis = np.linalg.qr(drawn.astype(np.float64))[0]
    seen = sample @ basis.astype(np.float32)
    turned = np.linalg.eigh((seen.T @ seen).astype(np.float64))[1][:, ::-1]
    axes: Doubles = np.linalg.qr(basis @ turned)[0][:, :most]
    return axes


def cut(turned: Values, squares: Doubles, width: int) -> tuple[Values, Values]:
    """(N, M) short vectors on the first M - 1 axes, and (N, R) what stands for the length that is their last number.

    That is the length behind the next `STEP` - 1 axes, these (0 where there are no more), the other axes, and the
    length behind all.
    """
    kept, others = turned[:, : width - 1], turned[:, width - 1 :]
    others = np.pad(others, ((0, 0), (0, max(0, STEP - 1 - others.shape[1]))))
    ends = (width - 1, width + STEP - 2, turned.shape[1])
    first, second, last = (np.sqrt(np.maximum(squares - _squares(turned[:, :end]), 0)) for end in ends)
    return np.column_stack([kept, first]), np.column_stack([second, others, last])


@dataclass(frozen=True)
class Shortened:
    """Short vectors of centred ones and the rest of them, worked out for the rows that are asked for.

    Attributes:
        centred: gives the (B, D) rows of a slice.
        axes: (D, A).
        widths: of the short ones, M, and of the rest, R; D and 0 where shorter ones would not pay.
    """

    centred: Rows
    axes: Doubles
    widths: tuple[int, int]

    @classmethod
    def of(cls, centred: Rows, n: int, k: int) -> Shortened | None:
        """As short as costs least for a graph; None where even whole vectors would leave too many pairs to look up."""
        chosen = np.sort(np.random.default_rng(0).permutation(n)[:SAMPLE])
        sample = centred[chosen]
        axes = axes_of(sample, max(WIDTHS))
        width = best_width(centred, n, k, sample, axes)
        if width is None:
            return None
        return cls(centred, axes, (width, 0 if width == sample.shape[1] else _left(axes, width)))

    def __getitem__(self, rows: slice) -> tuple[Float, Float]:
        """(B, M) and (B, R), worked out in double precision."""
        part, (width, left) = self.centred[rows], self.widths
        if not left:
            return part, np.zeros((len(part), 0), np.float32)
        whole = part.astype(np.float64)
        short, rest = cut(whole @ self.axes, _squares(whole), width)
        return short.astype(np.float32), rest.astype(np.float32)


def _left(axes: Doubles, width: int) -> int:
    return max(int(axes.shape[1]) - width + 1, STEP - 1) + 2


def lost(dim: int) -> float:
    """The most that rounding takes from a short vector, as a share of the long one's length."""
    return float(2.0**-22 + np.sqrt(16 * dim * 2.0**-53))


def best_width(centred: Rows, n: int, k: int, sample: Float, axes: Doubles) -> int | None:
    """How many dimensions cost least, D for all; None where even these would leave too many pairs to look up."""
    dim = sample.shape[1]
    turned, squares = sample @ axes.astype(np.float32), _squares(sample)
    asked = np.random.default_rng(1).permutation(len(sample))[:ASKED]
    limits = _kth(centred, n, sample[asked], min(k + 1, n))[:, None]
    costs = {}
    for width in (*(w for w in WIDTHS if w <= axes.shape[1] and w < dim), dim):
        short = sample if width == dim else cut(turned, squares, width)[0]
        sure = squares * (1 - 8 * (width + 64) * 2.0**-24)
        near = n * float((sure[asked, None] + sure - 2 * (short[asked] @ short.T) <= limits).mean())
        left = dim / 2 if width == dim else _left(axes, width)
        if width < dim and near > MOST_NEAR * n:
            continue
        costs[width] = n / 2 * (width + STORED) + near * LOOKED_UP * left
    best = min(costs, key=lambda width: costs[width])
    return best if costs[best] < 2 * n * (dim + STORED) else None


def order_of(points: Float, side: int, least: int) -> npt.NDArray[np.int32]:
    """(N,) places of all rows, split by medians of the widest of the first axes, at multiples of `side`.

    Below a `side` it goes on at multiples of `least`.
    """
    order = np.arange(len(points), dtype=np.int32)
    _split(np.ascontiguousarray(points[:, :SPREAD]), order, side, least)
    return order


def _split(points: Float, order: npt.NDArray[np.int32], side: int, least: int) -> None:
    step = side if len(order) > side else least
    if len(order) <= step:
        return
    half = (len(order) + step) // (2 * step) * step
    here = points[order]
    values = here[:, here.var(axis=0).argmax()]
    order[:] = order[np.argpartition(values, half - 1)]
    _split(points, order[:half], side, least)
    _split(points, order[half:], side, least)


def _kth(centred: Rows, n: int, asked: Float, k: int) -> Doubles:
    """(Q,) the k-th smallest squared distance of each."""
    found = []
    for start in range(0, n, CHUNK):
        some = centred[slice(start, start + CHUNK)]
        far = _squares(some) - 2 * (asked @ some.T)
        found.append(np.partition(far, min(k, far.shape[1]) - 1, axis=1)[:, :k])
    kth = np.partition(np.concatenate(found, axis=1), k - 1, axis=1)[:, k - 1]
    return np.asarray(_squares(asked) + kth, np.float64)


def _squares(points: Values) -> Doubles:
    squares: Doubles = np.einsum("nd,nd->n", points, points, dtype=np.float64)
    return squares
