"""Which images leave their surroundings when one map becomes another (N images)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.faithfulness import map_neighbors
from imgsim.types import Float

K = 15


def movement(start: Float, end: Float, k: int = K) -> npt.NDArray[np.float64]:
    """(N,) how far each image moves beyond what its neighbours on the first map move with it.

    The length of its own step less the median step of its k neighbours there, 1 being the root mean square distance
    of the first map's points from their middle. A group that moves as a whole counts nothing: where islands lie means
    nothing, who leaves one does.

    Args:
        start: (N, C) map.
        end: (N, C) map of the same images, turned onto the first.
        k: neighbours.

    Raises:
        InputError: the maps differ in points or dimensions.
    """
    if start.shape != end.shape:
        raise InputError(f"maps must be of one shape, got {start.shape} and {end.shape}; project the same images.")
    if len(start) < 2:
        return np.zeros(len(start))
    steps = np.asarray(end, np.float64) - start
    near = map_neighbors(np.ascontiguousarray(start), k)
    beyond = np.linalg.norm(steps - np.median(steps[near], axis=1), axis=1)
    size = float(np.sqrt(((start - start.mean(axis=0)) ** 2).sum(axis=1).mean()))
    return np.asarray(beyond / size if size else beyond)
