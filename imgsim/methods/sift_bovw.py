"""Bag of visual words: which local patterns occur, and how often, wherever they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._kmeans import kmeans, nearest_center
from imgsim.methods._normalise import unit
from imgsim.methods._sift import SiftMethod, root_sift, sample_rows
from imgsim.parameters import fitted, param
from imgsim.types import Float

ROWS_PER_WORD = 100  # descriptors that the vocabulary is learnt from


@METHODS.register
@dataclass(frozen=True)
class SiftBovw(SiftMethod):
    """RootSIFT keypoints counted by visual word, words weighted by their rarity (tf-idf), unit length.

    An image without keypoints (a blank one) has a zero vector, at distance 1 from all but blank ones.
    """

    id = "sift_bovw"
    title = "SIFT bag of words"
    family = "keypoints"
    sees = "The same object or scene, also turned, scaled, moved or partly hidden."
    blind_to = "Colour, smooth things without corners, and how the parts are arranged."
    reference = "Sivic, Zisserman: Video Google, ICCV 2003, doi:10.1109/ICCV.2003.1238663"
    licence = "free since 2020 (SIFT patent US6711293 expired)"

    words: int = param(256, "Size of the vocabulary; more words are more specific.", minimum=16, maximum=2048)
    keypoints: int = param(400, "Most keypoints per image; fewer is faster.", minimum=50, maximum=2000)
    seed: int = param(0, "Start of the random numbers of the vocabulary.", minimum=0, maximum=10_000)
    vocabulary: Array | None = fitted()
    rarity: Array | None = fitted()

    @property
    def dim(self) -> int:
        """One entry a word."""
        return self.words

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns the words (words, 128) and their rarity (words,) from sample images."""
        rows = root_sift(sample_rows(prepared, ROWS_PER_WORD * self.words, self.seed))
        vocabulary = kmeans(rows, self.words, self.seed)
        counts = np.stack([_word_counts(descriptors, vocabulary) for descriptors in prepared])
        return dataclasses.replace(self, vocabulary=vocabulary, rarity=inverse_document_frequency(counts))

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, words)."""
        vocabulary, rarity = self.learnt("vocabulary"), self.learnt("rarity")
        rows = [unit(_word_counts(descriptors, vocabulary) * rarity) for descriptors in prepared]
        return np.asarray(rows, dtype=np.float32).reshape(len(prepared), self.dim)


def inverse_document_frequency(counts: Array) -> Array:
    """(K,) log((1 + N) / (1 + images with the word)) + 1 from (N, K) word counts, as scikit-learn smooths it."""
    images = (counts > 0).sum(axis=0)
    return np.asarray(np.log((1 + len(counts)) / (1 + images)) + 1, dtype=np.float32)


def _word_counts(descriptors: Array, vocabulary: Array) -> Array:
    return np.asarray(np.bincount(nearest_center(root_sift(descriptors), vocabulary), minlength=len(vocabulary)))
