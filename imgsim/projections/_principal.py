"""Principal components: the map `pca` draws, and where the other projectors start from (N images, D dimensions)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.types import Float

EXACT_SIDE = 2048  # up to this many images or dimensions an exact eigenvalue problem is quick
DOUBLE_NUMBERS = 2**24  # up to 128 MB in float64; float32 beyond

Doubles = npt.NDArray[np.float64]


def principal_components(vectors: Float, n_components: int) -> Float:
    """(N, n_components) coordinates along the axes of largest variance; a column without variance is zero.

    The sign of an axis is free: the image farthest out is put on its positive side.
    """
    precise = np.float64 if vectors.size <= DOUBLE_NUMBERS else np.float32
    centred = vectors.astype(precise) - vectors.mean(axis=0, dtype=np.float64).astype(precise)
    wanted = min(n_components, *centred.shape)
    found = _eigen(centred, wanted) if min(centred.shape) <= EXACT_SIDE else _randomised(centred, wanted)
    out = np.zeros((len(vectors), n_components), np.float32)
    out[:, :wanted] = _signed(found)
    return out


def start(vectors: Float, n_components: int, seed: int) -> Doubles:
    """(N, n_components) principal components scaled to a largest deviation of 1, with a little seeded noise.

    The noise parts equal images, which the optimisers could not tell apart.
    """
    found = principal_components(vectors, n_components).astype(np.float64)
    largest = found.std(axis=0).max()
    noise = np.random.default_rng(seed).normal(size=found.shape)
    return found / largest + 0.01 * noise if largest > 0 else noise


def _eigen(centred: Doubles, wanted: int) -> Doubles:
    from scipy.linalg import eigh

    wide = centred.shape[1] > len(centred)
    square = centred @ centred.T if wide else centred.T @ centred
    side = len(square)
    values, axes = eigh(square, subset_by_index=[side - wanted, side - 1])
    values, axes = values[::-1], axes[:, ::-1]
    kept = values > 1e-12 * max(values[0], 1e-300) * side  # the rest is rounding
    coordinates: Doubles = (axes * np.sqrt(np.maximum(values, 0)) if wide else centred @ axes) * kept
    return coordinates


def _randomised(centred: Doubles, wanted: int) -> Doubles:
    """Halko, Martinsson, Tropp 2011, Finding structure with randomness."""
    from sklearn.utils.extmath import randomized_svd

    left, values, _ = randomized_svd(centred, wanted, n_iter=7, random_state=0)
    coordinates: Doubles = left * values
    return coordinates


def _signed(coordinates: npt.NDArray[Any]) -> npt.NDArray[Any]:
    farthest = np.abs(coordinates).argmax(axis=0)
    signs = np.where(coordinates[farthest, np.arange(coordinates.shape[1])] < 0, -1, 1)
    return coordinates * signs
