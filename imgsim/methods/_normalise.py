"""Vectors of unit length, with zero for what has none."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Array


def unit(vectors: Array, axis: int = -1) -> Array:
    """L2-normalised along an axis; a zero vector stays zero, which by cosine is at distance 1 from all others."""
    norms = np.linalg.norm(vectors, axis=axis, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1.0)
