"""Where a picture that is not on a map would lie: among the places of its nearest neighbours.

No projector has to be asked, so every map takes guests in this way, and a guest never moves the others. Projectors
with a way of their own (`Projector.place`) share `with_copies`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Float, Ints


def place(xy: Float, indices: Ints, distances: Float) -> Float:
    """(C,) place of a guest on an (N, C) map: the mean of its neighbours' places, the nearest weighing most.

    A neighbour at distance d weighs ((R - d) / (R d))^2, where R is the distance of the last one, which thus weighs
    nothing: the guest moves without jumps while neighbours come and go, and lies on an image that equals it. Guests
    that are near to nothing in particular end up between the islands.

    Reference: Franke, Nielson: Smooth interpolation of large sets of scattered data, 1980.

    Args:
        xy: (N, C).
        indices: (k,) rows of the nearest in the space, ascending by distance.
        distances: (k,) theirs.

    Raises:
        InputError: there is no neighbour.
    """
    if not len(indices) or len(indices) != len(distances):
        raise InputError(f"a guest must have neighbours, got {len(indices)} and {len(distances)} distances; give some.")
    near, far = np.asarray(xy[indices], np.float64), np.asarray(distances, np.float64)
    equal = _equal(far)
    if equal.any():
        return np.asarray(near[equal].mean(axis=0), np.float32)
    weights = ((far[-1] - far) / (far[-1] * far)) ** 2
    if not weights.any():
        weights = np.ones(len(far))
    return np.asarray(weights @ near / weights.sum(), np.float32)


def with_copies(places: npt.NDArray[np.float64], xy: Float, indices: Ints, distances: Float) -> Float:
    """(G, C) the places of guests, but those that equal images of the map where these lie."""
    out = places.astype(np.float32)
    for guest, far in enumerate(np.asarray(distances, np.float64)):
        equal = _equal(far)
        if equal.any():
            out[guest] = xy[indices[guest][equal]].mean(axis=0)
    return out


def _equal(far: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    return np.asarray(far <= 1e-6 * max(far[-1], 1e-30))
