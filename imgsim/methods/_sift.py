"""RootSIFT descriptors, and the seeded sample of them that a vocabulary is learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from imgsim.methods import Array, Method
from imgsim.methods._normalise import unit
from imgsim.raster import grey, opencv, scale_to
from imgsim.types import Image, Metric

DIM = 128
LONG_SIDE = 320  # pixels; 34 images/s and core against 9 at 640
THINNEST = 16  # pixels; OpenCV's scale space needs some height


def sift_descriptors(image: Image, n_keypoints: int) -> Array:
    """(n, 128) uint8 SIFT descriptors of the strongest keypoints (Lowe 2004); n is 0 for a blank image."""
    cv2 = opencv()
    found = cv2.SIFT_create(nfeatures=n_keypoints).detectAndCompute(_canvas(image), None)[1]
    # OpenCV may return more than asked for where responses are equal.
    return np.zeros((0, DIM), np.uint8) if found is None else found[:n_keypoints].astype(np.uint8)


class SiftMethod(Method):
    """What every method over a set of SIFT descriptors shares."""

    keypoints: int

    @property
    def metric(self) -> Metric:
        """Cosine."""
        return "cosine"

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return LONG_SIDE

    def prepare(self, image: Image) -> Array:
        """(n, 128) uint8 descriptors."""
        return sift_descriptors(image, self.keypoints)


def root_sift(descriptors: Array) -> Array:
    """(n, 128) square roots of L1-normalised descriptors: unit length (Arandjelovic, Zisserman 2012)."""
    return unit(np.sqrt(descriptors.astype(np.float32)))


def sample_rows(prepared: Sequence[Array], most: int, seed: int) -> Array:
    """At most `most` rows of all (n, D) arrays together, each row equally likely."""
    sizes = np.array([len(rows) for rows in prepared], dtype=np.int64)
    total = int(sizes.sum())
    chosen = np.random.default_rng(seed).permutation(total)[:most]
    chosen.sort()
    starts = np.concatenate([[0], np.cumsum(sizes)])
    owners = np.split(chosen, np.searchsorted(chosen, starts[1:-1]))
    return np.concatenate([rows[mine - start] for rows, mine, start in zip(prepared, owners, starts, strict=False)])


def _canvas(image: Image) -> Array:
    cv2 = opencv()
    small = scale_to(grey(image), LONG_SIDE)
    missing = [max(0, THINNEST - side) for side in small.shape]
    return cast(Array, cv2.copyMakeBorder(small, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE))
