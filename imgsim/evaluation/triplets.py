"""Whether a map keeps which of two images is the farther one, over the whole space and not only among neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Float

N_TRIPLETS = 10_000


def triplets_kept(vectors: Float, xy: Float, *, n_triplets: int = N_TRIPLETS, seed: int = 0) -> npt.NDArray[np.float64]:
    """(T,) of random triplets, 1 where the order of the two distances from the first image is the same on the map.

    The mean is the random-triplet accuracy: 1 for the space itself, 0.5 by chance. Ties on one side count a half.

    Reference: Wang, Huang, Rudin, Shaposhnik: Understanding how dimension reduction tools work, JMLR 2021.

    Args:
        vectors: (N, D) in which Euclid holds.
        xy: (N, C) map of the same images.
        n_triplets: how many to draw, by `seed`.
        seed: of the draw.

    Raises:
        InputError: fewer than three images, or a map of others.
    """
    n = len(vectors)
    if n < 3 or len(xy) != n:
        raise InputError(f"triplets need three images on both sides, got {n} and {len(xy)}; map the same images.")
    first, second, third = _draw(n, n_triplets, seed)
    found = np.empty(n_triplets)
    for start in range(0, n_triplets, 1000):
        at = slice(start, start + 1000)
        space, plane = (_order(points, first[at], second[at], third[at]) for points in (vectors, xy))
        found[at] = np.where(space == plane, 1.0, np.where(space * plane == 0, 0.5, 0.0))
    return found


def _draw(n: int, n_triplets: int, seed: int) -> tuple[npt.NDArray[np.int64], ...]:
    """Three different rows each."""
    random = np.random.default_rng(seed)
    first = random.integers(0, n, n_triplets)
    second = (first + random.integers(1, n, n_triplets)) % n
    low, high = np.minimum(first, second), np.maximum(first, second)
    third = random.integers(0, n - 2, n_triplets)
    third += third >= low
    third += third >= high
    return first, second, third


def _order(
    points: Float, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], third: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """-1 where the second is nearer to the first than the third, 1 where the third is, 0 for a tie."""
    near, far = (np.linalg.norm(points[first].astype(np.float64) - points[other], axis=1) for other in (second, third))
    return np.asarray(np.sign(near - far))
