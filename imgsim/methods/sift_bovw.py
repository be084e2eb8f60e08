"""Bag of visual words over RootSIFT: which local patterns occur, and how often, wherever they are."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.methods import METHODS, Array
from imgsim.methods._bag_of_words import BagOfWords
from imgsim.methods._sift import LICENCE, root_sift, sift_descriptors
from imgsim.raster import KEYPOINT_SIDE
from imgsim.types import Image


@METHODS.register
@dataclass(frozen=True)
class SiftBovw(BagOfWords):
    """Words over RootSIFT descriptors."""

    id = "sift_bovw"
    title = "SIFT bag of words"
    family = "keypoints"
    sees = "The same object or scene, also turned, scaled, moved or partly hidden."
    blind_to = "Colour, smooth things without corners, and how the parts are arranged."
    formula = (
        "v(w) = n(w) · (log((1 + N) / (1 + N(w))) + 1), to unit length; n(w): how often word w occurs; cosine distance"
    )
    reference = "Sivic, Zisserman: Video Google, ICCV 2003, doi:10.1109/ICCV.2003.1238663"
    licence = LICENCE

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return KEYPOINT_SIDE

    def prepare(self, image: Image) -> Array:
        """(n, 128) uint8 descriptors."""
        return sift_descriptors(image, self.keypoints)

    def points(self, descriptors: Array) -> Array:
        """(n, 128) RootSIFT."""
        return root_sift(descriptors)
