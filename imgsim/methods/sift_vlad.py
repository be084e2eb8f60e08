"""VLAD: how the local patterns of an image differ from the visual words nearest to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._kmeans import kmeans, nearest_center
from imgsim.methods._normalise import unit
from imgsim.methods._sift import DIM, SiftMethod, root_sift
from imgsim.methods._vocabulary import keypoint_count, vocabulary_seed
from imgsim.parameters import fitted, param
from imgsim.types import Float


@METHODS.register
@dataclass(frozen=True)
class SiftVlad(SiftMethod):
    """Sums of RootSIFT residuals, one sum a word, normalised word by word or by signed roots, then to unit length."""

    id = "sift_vlad"
    title = "SIFT VLAD"
    sees = "The same object or scene, also turned, scaled or moved; finer than a bag of words."
    formula = (
        "v(w) = Σ (d − w) over the descriptors d nearest to word w, each v(w) and all to unit length; cosine distance"
    )
    reference = "Arandjelovic, Zisserman: All about VLAD, CVPR 2013, doi:10.1109/CVPR.2013.207"

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

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns the words (words, 128) from sample images."""
        rows = self.sampled(prepared)
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
