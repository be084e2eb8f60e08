"""One more image joins the neighbour lists, as if it had been there from the start."""

from __future__ import annotations

import numpy as np

from imgsim.types import Float, Ints


def with_guest(indices: Ints, distances: Float, to_all: Float) -> tuple[Ints, Float]:
    """(N + 1, K) lists with the guest as row N, from (N, K) lists and its (N,) distances; ties go to the older row."""
    k = indices.shape[1]
    place = (distances <= to_all[:, None]).sum(axis=1)
    rows = np.flatnonzero(place < k)
    indices, distances = np.array(indices), np.array(distances)
    for row in rows:
        at = place[row]
        indices[row, at + 1 :], distances[row, at + 1 :] = indices[row, at:-1], distances[row, at:-1]
        indices[row, at], distances[row, at] = len(to_all), to_all[row]
    own = np.argsort(to_all, kind="stable")[:k].astype(np.int32)
    return np.vstack([indices, own]), np.vstack([distances, to_all[own]]).astype(np.float32)
