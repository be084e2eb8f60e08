"""VLAD: how the local patterns of an image differ from the visual words nearest to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import METHODS, Array, Method
from imgsim.methods._kmeans import kmeans, nearest_center
from imgsim.methods._normalise import unit
from imgsim.methods._sift import DIM, LICENCE, root_sift, sift_descriptors
from imgsim.methods._vocabulary import keypoint_count, sample_rows, vocabulary_seed
from imgsim.parameters import fitted, param
from imgsim.raster import KEYPOINT_SIDE
from imgsim.types import Float, Image, Metric

ROWS_PER_WORD = 1000  # descriptors that the vocabulary is learnt from


@METHODS.register
@dataclass(frozen=True)
class SiftVlad(Method):
    """Sums of RootSIFT residuals, one sum a word, normalised word by word or by signed roots, then to unit length.

    An image without keypoints (a blank one) has a zero vector, at distance 1 from all but blank ones.
    """

    id = "sift_vlad"
    title = "SIFT VLAD"
    family = "keypoints"
    sees = "The same object or scene, also turned, scaled or moved; finer than a bag of words."
    blind_to = "Colour, smooth things without corners, and how the parts are arranged."
    formula = (
        "v(w) = Σ (d − w) over the descriptors d nearest to word w, each v(w) and all to unit length; cosine distance"
    )
    reference = "Arandjelovic, Zisserman: All about VLAD, CVPR 2013, doi:10.1109/CVPR.2013.207"
    licence = LICENCE

    words: int = param(16, "Size of the vocabulary; the vector has 128 values a word.", minimum=2, maximum=64)
    keypoints: int = keypoint_count()
    normalisation: str = param(
        "intra",
        "Against bursts of one pattern: intra gives words equal weight, power takes roots.",
        choices=("intra", "power"),
    )
    seed: int = vocabulary_seed()
    vocabulary: Array | None = fitted()

    @property
    def dim(self) -> int:
        """128 a word."""
        return self.words * DIM

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

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns the words (words, 128) from sample images."""
        rows = root_sift(sample_rows(prepared, ROWS_PER_WORD * self.words, self.seed))
        return dataclasses.replace(self, vocabulary=kmeans(rows, self.words, self.seed))

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, words * 128)."""
        rows = [self._vlad(root_sift(descriptors)) for descriptors in prepared]
        return np.asarray(rows, dtype=np.float32).reshape(len(prepared), self.dim)

    def _vlad(self, points: Array) -> Array:
        sums = residual_sums(points, self.learnt("vocabulary"))
        sums = unit(sums) if self.normalisation == "intra" else np.sign(sums) * np.sqrt(np.abs(sums))
        return unit(sums.reshape(-1))


def residual_sums(points: Array, centers: Array) -> Array:
    """(K, D) sum over the points nearest to each of K centres of point minus centre."""
    labels = nearest_center(points, centers)
    sums = np.zeros_like(centers)
    np.add.at(sums, labels, points - centers[labels])
    return sums
