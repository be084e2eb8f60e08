"""Bag of visual words over RootSIFT: which local patterns occur, and how often, wherever they are."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.methods import METHODS, Array
from imgsim.methods._bag_of_words import BagOfWords
from imgsim.methods._sift import SiftMethod, root_sift


@METHODS.register
@dataclass(frozen=True)
class SiftBovw(SiftMethod, BagOfWords):
    """Words over RootSIFT descriptors."""

    id = "sift_bovw"
    title = "SIFT bag of words"
    sees = "The same object or scene, also turned, scaled, moved or partly hidden."
    formula = (
        "v(w) = n(w) · (log((1 + N) / (1 + N(w))) + 1), to unit length; n(w): how often word w occurs; cosine distance"
    )
    reference = "Sivic, Zisserman: Video Google, ICCV 2003, doi:10.1109/ICCV.2003.1238663"

    def points(self, descriptors: Array) -> Array:
        """(n, 128) RootSIFT."""
        return root_sift(descriptors)
