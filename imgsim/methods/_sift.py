"""RootSIFT descriptors of the strongest keypoints."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Array
from imgsim.methods._normalise import unit
from imgsim.raster import keypoint_canvas, opencv
from imgsim.types import Image

DIM = 128
LICENCE = "free since 2020 (SIFT patent US6711293 expired)"


def sift_descriptors(image: Image, n_keypoints: int) -> Array:
    """(n, 128) uint8 SIFT descriptors of the strongest keypoints (Lowe 2004); n is 0 for a blank image."""
    cv2 = opencv()
    found = cv2.SIFT_create(nfeatures=n_keypoints).detectAndCompute(keypoint_canvas(image), None)[1]
    # OpenCV may return more than asked for where responses are equal.
    return np.zeros((0, DIM), np.uint8) if found is None else found[:n_keypoints].astype(np.uint8)


def root_sift(descriptors: Array) -> Array:
    """(n, 128) square roots of L1-normalised descriptors: unit length (Arandjelovic, Zisserman 2012)."""
    return unit(np.sqrt(descriptors.astype(np.float32)))
