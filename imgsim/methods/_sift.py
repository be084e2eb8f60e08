"""RootSIFT descriptors of the strongest keypoints, and what methods over them share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgsim.methods import Array, Method
from imgsim.methods._normalise import unit
from imgsim.methods._vocabulary import sample_rows
from imgsim.raster import KEYPOINT_SIDE, keypoint_canvas, opencv
from imgsim.types import Image, Metric

DIM = 128
ROWS_PER_WORD = 1000  # descriptors that a vocabulary is learnt from


def sift_descriptors(image: Image, n_keypoints: int) -> Array:
    """(n, 128) uint8 SIFT descriptors of the strongest keypoints (Lowe 2004); n is 0 for a blank image."""
    cv2 = opencv()
    found = cv2.SIFT_create(nfeatures=n_keypoints).detectAndCompute(keypoint_canvas(image), None)[1]
    # OpenCV may return more than asked for where responses are equal.
    return np.zeros((0, DIM), np.uint8) if found is None else found[:n_keypoints].astype(np.uint8)


def root_sift(descriptors: Array) -> Array:
    """(n, 128) square roots of L1-normalised descriptors: unit length (Arandjelovic, Zisserman 2012)."""
    return unit(np.sqrt(descriptors.astype(np.float32)))


class SiftMethod(Method):
    """A method over RootSIFT descriptors; its parameters are named as here.

    An image without keypoints (a blank one) has a zero vector, at distance 1 from all but blank ones.
    """

    family = "keypoints"
    blind_to = "Colour, smooth things without corners, and how the parts are arranged."
    licence = "free since 2020 (SIFT patent US6711293 expired)"

    words: int
    keypoints: int
    seed: int

    @property
    def metric(self) -> Metric:
        """Cosine, 0 to 2."""
        return "cosine"

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return KEYPOINT_SIDE

    def prepare(self, image: Image) -> Array:
        """(n, 128) uint8 descriptors."""
        return sift_descriptors(image, self.keypoints)

    def sampled(self, prepared: Sequence[Array]) -> Array:
        """(n, 128) RootSIFT of the descriptors of sample images, at most 1,000 a word."""
        return root_sift(sample_rows(prepared, ROWS_PER_WORD * self.words, self.seed))
