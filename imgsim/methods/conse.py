"""Words without a network: class probabilities of a picture weight the sentence vectors of the class names."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, ClassVar, Protocol, cast

import numpy as np

from imgsim.errors import InputError
from imgsim.methods import METHODS, Array, Method, _sentences, _timm_facts
from imgsim.methods._network_facts import networks
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Float, Image, Metric
from imgsim.weights import WeightsFile

PROMPT = "a photo of a {}"
VECTORS = "imagenet_sentences.npy"  # of every class name in the prompt, by tools/class_vectors.py


class Classifier(Protocol):
    """A method whose network also names things."""

    def class_probabilities(self, prepared: Sequence[Array]) -> Float:
        """(B, 1000) probabilities, each row of sum 1."""
        ...


@functools.cache
def class_names() -> tuple[str, ...]:
    """The 1,000 classes of ImageNet in the order of every classifier here."""
    return tuple(json.loads(resources.files(__package__).joinpath("imagenet_classes.json").read_text()))


@functools.cache
def class_vectors() -> Float:
    """(1000, 384) unit sentence vectors of the class names, to 3e-4 a number."""
    with resources.files(__package__).joinpath(VECTORS).open("rb") as file:
        return np.asarray(np.load(file), np.float32)


def combine(probabilities: Float, vectors: Float, top: int) -> Float:
    """(B, D) convex combination of the vectors of each row's `top` most probable classes.

    Args:
        probabilities: (B, C), rows of sum 1.
        vectors: (C, D) of the class names.
        top: classes that count; the earlier class wins a tie.

    Raises:
        InputError: the two do not speak of the same classes.
    """
    if probabilities.shape[1] != len(vectors):
        raise InputError(
            f"probabilities must be of {len(vectors)} classes, got {probabilities.shape[1]}; take another classifier."
        )
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]  # (B, T)
    weights = np.take_along_axis(probabilities, best, axis=1)
    weights = weights / weights.sum(axis=1, keepdims=True)
    return np.ascontiguousarray(np.einsum("bt,btd->bd", weights, vectors[best]), dtype=np.float32)


@METHODS.register
@dataclass(frozen=True)
class ConSE(Method):
    """Pictures and sentences in one space: what a classifier sees, said in words."""

    classifier: str = param(
        "imgsim_mini",
        "What names what it sees: imgsim_mini, a network of torchvision, or one of timm with ImageNet's classes.",
        choices=("imgsim_mini", *networks(), *_timm_facts.classifiers()),
    )
    top: int = param(10, "How many of the likeliest classes speak; few are sharper.", minimum=1, maximum=1000)

    id: ClassVar[str] = "conse"
    title: ClassVar[str] = "Words (ConSE)"
    family: ClassVar[str] = "text and image"
    sees: ClassVar[str] = "Things that ImageNet has a class for, and words that mean something like them."
    blind_to: ClassVar[str] = "People, actions, counts, colours and places that are no class of ImageNet."
    formula: ClassVar[str] = (
        "v = Σ pᵢ sᵢ / Σ pᵢ over the likeliest classes, pᵢ their probabilities, sᵢ the sentence vectors of their names"
    )
    reference: ClassVar[str] = (
        "Norouzi et al. 2014, Zero-shot learning by convex combination of semantic embeddings; "
        "sentences by MiniLM, Wang et al. 2020"
    )
    licence: ClassVar[str] = "Apache-2.0 (sentences); the classifier has its own"
    needs: ClassVar[tuple[str, ...]] = (*_sentences.NEEDS, "safetensors")
    batch_size: ClassVar[int] = 32
    reads_text: ClassVar[bool] = True

    @property
    def metric(self) -> Metric:
        """Cosine, as sentences are compared."""
        return "cosine"

    @property
    def dim(self) -> int:
        """Width of a sentence vector."""
        return _sentences.DIM

    @property
    def min_side(self) -> int:
        """The classifier's."""
        return self._classifier.min_side

    @property
    def download(self) -> WeightsFile | None:
        """The classifier's weights file where it is missing."""
        return self._classifier.download

    def unavailable(self) -> str | None:
        """Why it cannot run here: a package or the classifier's weights are missing."""
        return super().unavailable() or self._classifier.unavailable()

    def acquire(self, progress: Progress = silent) -> None:
        """Fetch the classifier's weights."""
        self._classifier.acquire(progress)

    def identity(self) -> Mapping[str, Any]:
        """The classifier's own key."""
        return {"classifier": self._classifier.key}

    def prepare(self, image: Image) -> Array:
        """What the classifier needs."""
        return self._classifier.prepare(image)

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, 384), not normalised."""
        return combine(self.class_probabilities(prepared), class_vectors(), self.top)

    def embed_text(self, texts: Sequence[str]) -> Float:
        """(T, 384) vectors of texts in the space of the pictures."""
        return _sentences.embed_sentences(texts)

    def class_probabilities(self, prepared: Sequence[Array]) -> Float:
        """(B, 1000) of the classifier."""
        return cast(Classifier, self._classifier).class_probabilities(prepared)

    def words(self, image: Image, n: int = 5) -> list[tuple[str, float]]:
        """The n likeliest class names of a picture with their probabilities, likeliest first."""
        found = self.class_probabilities([self.prepare(image)])[0]
        return [(class_names()[i], float(found[i])) for i in np.argsort(-found, kind="stable")[:n]]

    @property
    def _classifier(self) -> Method:
        return METHODS.create(self.classifier)
