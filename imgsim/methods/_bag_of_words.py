"""Bags of visual words: a vocabulary learnt from keypoint descriptors, and how often each word occurs."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import Array, Method
from imgsim.methods._kmeans import kmeans, nearest_center
from imgsim.methods._normalise import unit
from imgsim.methods._vocabulary import keypoint_count, sample_rows, vocabulary_seed
from imgsim.parameters import fitted, param
from imgsim.types import Float, Metric

ROWS_PER_WORD = 100  # descriptors that the vocabulary is learnt from


@dataclass(frozen=True)
class BagOfWords(Method):
    """Words counted, weighted by their rarity (tf-idf), to unit length; a subclass finds and scales descriptors.

    An image without keypoints (a blank one) has a zero vector, at distance 1 from all but blank ones.
    """

    words: int = param(256, "Size of the vocabulary; more words are more specific.", minimum=16, maximum=2048)
    keypoints: int = keypoint_count()
    seed: int = vocabulary_seed()
    vocabulary: Array | None = fitted()
    rarity: Array | None = fitted()

    @property
    def metric(self) -> Metric:
        """Cosine, 0 to 1 as no value is negative."""
        return "cosine"

    @property
    def dim(self) -> int:
        """One entry a word."""
        return self.words

    @abstractmethod
    def points(self, descriptors: Array) -> Array:
        """(n, D) float32 descriptors, scaled for Euclidean distance."""

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns the words (words, D) and their rarity (words,) from sample images."""
        rows = self.points(sample_rows(prepared, ROWS_PER_WORD * self.words, self.seed))
        vocabulary = kmeans(rows, self.words, self.seed)
        counts = np.stack([self._counts(descriptors, vocabulary) for descriptors in prepared])
        return dataclasses.replace(self, vocabulary=vocabulary, rarity=inverse_document_frequency(counts))

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, words)."""
        vocabulary, rarity = self.learnt("vocabulary"), self.learnt("rarity")
        rows = [unit(self._counts(descriptors, vocabulary) * rarity) for descriptors in prepared]
        return np.asarray(rows, dtype=np.float32).reshape(len(prepared), self.dim)

    def _counts(self, descriptors: Array, vocabulary: Array) -> Array:
        words = nearest_center(self.points(descriptors), vocabulary)
        return np.asarray(np.bincount(words, minlength=len(vocabulary)))


def inverse_document_frequency(counts: Array) -> Array:
    """(K,) log((1 + N) / (1 + images with the word)) + 1 from (N, K) word counts, as scikit-learn smooths it."""
    images = (counts > 0).sum(axis=0)
    return np.asarray(np.log((1 + len(counts)) / (1 + images)) + 1, dtype=np.float32)
