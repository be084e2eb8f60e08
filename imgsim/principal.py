"""Principal components, by the eigenvectors of the covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def principal_axes(points: Array, n: int) -> tuple[Array, Array, Array]:
    """Mean (D,), axes (n, D) of unit length and variances (n,) of (N, D) points, largest variance first.

    Where there are fewer than n directions with any variance, the rest are zero. Signs are fixed: the largest entry
    of an axis is positive.
    """
    mean = points.mean(axis=0, dtype=np.float64) if len(points) else np.zeros(points.shape[1])
    found, variances = _directions(points.astype(np.float64) - mean)
    real = variances > 1e-9 * variances.max(initial=0)
    found, variances = found[real][:n], variances[real][:n]
    signs = np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])
    axes = np.zeros((n, points.shape[1]), np.float32)
    axes[: len(found)] = found * signs[:, None]
    return mean.astype(np.float32), axes, np.pad(variances, (0, n - len(found))).astype(np.float32)


def _directions(centred: Array) -> tuple[Array, Array]:
    """Unit vectors and their variances, largest first, by whichever of the two product matrices is smaller."""
    n_points, dim = centred.shape
    if n_points < dim:
        variances, rows = np.linalg.eigh(centred @ centred.T)
        axes = rows.T @ centred
        axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-300)
    else:
        variances, columns = np.linalg.eigh(centred.T @ centred)
        axes = columns.T
    return axes[::-1], np.maximum(variances[::-1], 0) / max(1, n_points - 1)
