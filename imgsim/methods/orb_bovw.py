"""Bag of visual words over ORB: the fast one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._bag_of_words import BagOfWords
from imgsim.raster import KEYPOINT_SIDE, keypoint_canvas, opencv
from imgsim.types import Image

BYTES = 32  # of a descriptor, 256 bits


@METHODS.register
@dataclass(frozen=True)
class OrbBovw(BagOfWords):
    """Words over ORB's binary descriptors, bits taken as numbers."""

    id = "orb_bovw"
    title = "ORB bag of words"
    family = "keypoints"
    sees = "The same corners and patterns, also turned or moved; several times faster than SIFT."
    blind_to = "Colour, smooth things without corners, large changes of scale, and how the parts are arranged."
    formula = (
        "v(w) = n(w) · (log((1 + N) / (1 + N(w))) + 1), to unit length; n(w): how often word w occurs; cosine distance"
    )
    reference = "Rublee et al.: ORB, ICCV 2011, doi:10.1109/ICCV.2011.6126544"
    licence = "free (BSD code, no patent)"

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return KEYPOINT_SIDE

    def prepare(self, image: Image) -> Array:
        """(n, 32) uint8 descriptors, 8 bits each."""
        detector = opencv().ORB_create(nfeatures=self.keypoints, edgeThreshold=15, fastThreshold=10)
        found = detector.detectAndCompute(keypoint_canvas(image), None)[1]
        return np.zeros((0, BYTES), np.uint8) if found is None else np.asarray(found[: self.keypoints])

    def points(self, descriptors: Array) -> Array:
        """(n, 256) bits as 0 and 1."""
        return np.unpackbits(descriptors, axis=1).astype(np.float32)
