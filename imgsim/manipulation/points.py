"""Keypoints at a finer scale than the pair scores use: a forged region may be small."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.raster import Grey, opencv, scale_to

SIDE = 800  # pixels of the long side at which keypoints are searched
MOST = 4_000

Array = npt.NDArray[Any]


def root_sift(grey: Grey, contrast: float = 0.04) -> tuple[Array, Array]:
    """(n, 2) points in pixels of the (H, W) picture, one a place, and (n, 128) descriptors of unit length.

    `contrast` is SIFT's threshold; lower finds points in smoother parts too.
    """
    scale = SIDE / max(grey.shape)
    detector = opencv().SIFT_create(nfeatures=MOST, contrastThreshold=contrast)
    points, found = detector.detectAndCompute(scale_to(grey, SIDE), None)
    if found is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    xy = np.array([point.pt for point in points], np.float32)
    _, first = np.unique(np.rint(xy).astype(int), axis=0, return_index=True)  # one place may have two directions
    shares = found[first] / np.maximum(found[first].sum(axis=1, keepdims=True), 1e-12)
    # Pixel centres, so that scaling does not shift.
    return ((xy[first] + 0.5) / scale - 0.5).astype(np.float32), np.sqrt(shares).astype(np.float32)
