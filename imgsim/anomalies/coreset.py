"""A few points that cover many: greedy k-centre selection."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np
import numpy.typing as npt

from imgsim.progress import Progress, silent
from imgsim.types import Float

PROJECTED = 64  # dimensions that distances are compared in, by random projection
Rows = npt.NDArray[np.intp]


def greedy(points: Float, n: int, *, seed: int = 0, progress: Progress = silent) -> Rows:
    """The rows of min(n, N) of (N, D) points: a random one first, then each time the point farthest from all taken.

    The largest distance of a point to its nearest taken one is at most twice the smallest that any n points reach.

    Reference: Gonzalez, Theoretical Computer Science 38, 1985; Sener, Savarese, ICLR 2018.
    """
    with one_core():
        return _greedy(points, min(n, len(points)), seed, progress)


def _greedy(points: Float, n: int, seed: int, progress: Progress) -> Rows:
    taken = np.empty(n, np.intp)
    if not n:
        return taken
    squares = np.einsum("nd,nd->n", points, points)
    taken[0] = np.random.default_rng(seed).integers(len(points))
    nearest = np.full(len(points), np.inf, np.float32)
    for place in range(1, n):
        if place % 50 == 0:
            progress("Choosing the patches to remember", place, n)
        last = taken[place - 1]
        away = squares + squares[last] - 2 * (points @ points[last])
        away[last] = 0
        np.minimum(nearest, away, out=nearest)
        taken[place] = int(nearest.argmax())
    progress("Choosing the patches to remember", n, n)
    return taken


def one_core() -> AbstractContextManager[object]:
    """Matrix products on one core: many small ones would only wait for each other."""
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[object] = threadpool_limits(1, "blas")
    return limited


def projected(points: Float, *, seed: int = 0) -> Float:
    """(N, 64) of (N, D) points, distances nearly kept; the points themselves where D is no larger.

    Reference: Johnson, Lindenstrauss 1984; Achlioptas, J. Comput. Syst. Sci. 66, 2003 (signs instead of normals).
    """
    if points.shape[1] <= PROJECTED:
        return points
    signs = np.random.default_rng(seed).choice(np.array([-1, 1], np.float32), (points.shape[1], PROJECTED))
    return np.asarray(points @ signs / np.sqrt(PROJECTED), np.float32)
