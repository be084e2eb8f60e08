"""The words that two pictures are described by, and what each gives to their similarity."""

from __future__ import annotations

import numpy as np

from imgsim.explanations import EXPLANATIONS, Bars, Evidence, Explanation, Subject
from imgsim.methods import Array
from imgsim.methods.conse import ConSE, class_names, class_vectors
from imgsim.types import Image

SHOWN = 12  # words


@EXPLANATIONS.register
class WordProbabilities(Explanation):
    """Class probabilities of both pictures; the words of a picture add up to the cosine."""

    id = "word_probabilities"
    title = "Which words does the classifier find for each picture?"
    sees = "The likeliest class names of both pictures, and what each gives to the cosine."
    methods = ("conse",)
    reference = "Norouzi et al.: Zero-shot learning by convex combination of semantic embeddings, ICLR 2014"

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`a`, `b` (1000,) probabilities; `parts`, `parts_b` (1000,) by word of either picture, each sums to cosine."""
        assert isinstance(subject, ConSE)
        first, second = subject.class_probabilities([subject.prepare(image) for image in (a, b)]).astype(np.float64)
        kept = [kept_weights(p, subject.top) for p in (first, second)]
        vectors = class_vectors().astype(np.float64)
        parts_a, parts_b = parts_of(kept[0], kept[1], vectors)
        chosen = np.argsort(-np.maximum(first, second), kind="stable")[:SHOWN]
        names = class_names()
        both = np.flatnonzero((kept[0] > 0) & (kept[1] > 0))
        both = both[np.argsort(-np.minimum(kept[0], kept[1])[both], kind="stable")]
        says = f"The words of each picture add up to the cosine {parts_a.sum():.3f}. "
        says += (
            f"Among the {subject.top} that count both have {_listed([names[i] for i in both[:3]])}."
            if len(both)
            else "They share none of the words that count, only words of near meaning."
        )
        bars = Bars(
            "Which words, and how sure?",
            tuple(names[i] for i in chosen),
            np.asarray(first[chosen], np.float32),
            np.asarray(second[chosen], np.float32),
            "probability",
        )
        arrays = {"a": first, "b": second, "parts": parts_a, "parts_b": parts_b}
        numbers = {"cosine": float(parts_a.sum()), "words in common": len(both)}
        return Evidence(self.id, says, (), bars, numbers, arrays)


def kept_weights(probabilities: Array, top: int) -> Array:
    """(C,) weights of sum 1: those of the `top` likeliest classes, the rest 0; the earlier class wins a tie."""
    weights = np.zeros_like(probabilities)
    best = np.argsort(-probabilities, kind="stable")[:top]
    weights[best] = probabilities[best] / probabilities[best].sum()
    return weights


def parts_of(first: Array, second: Array, vectors: Array) -> tuple[Array, Array]:
    """(C,) parts by word of either picture, for (C,) weights and (C, D) vectors; each sums to the cosine."""
    mean_a, mean_b = first @ vectors, second @ vectors
    lengths = max(float(np.linalg.norm(mean_a) * np.linalg.norm(mean_b)), 1e-300)
    return first * (vectors @ mean_b) / lengths, second * (vectors @ mean_a) / lengths


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
