"""What each place of a picture gives to the cosine of two averaged networks' features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from imgsim.explanations import EXPLANATIONS, Evidence, Explanation, Picture, Subject, _drawing, _places
from imgsim.methods import Array, Method
from imgsim.types import Image


class Parts(NamedTuple):
    """The cosine, and its parts by place of the first (h, w) and of the second image (h', w')."""

    cosine: float
    a: Array
    b: Array


@EXPLANATIONS.register
class SimilarityMap(Explanation):
    """The average of the places' vectors is the vector, so the cosine is a sum over places; in both images."""

    id = "similarity_map"
    title = "Which parts of the pictures make the network find them alike?"
    sees = "What each place gives to the cosine; the places of a picture add up to it."
    families = ("networks",)
    reference = "Stylianou, Souvenir, Pless: Visualizing deep similarity networks, WACV 2019, arXiv:1901.00536"

    def stands_for(self, subject: Subject) -> bool:
        """Networks that average their places."""
        return _places.averages(subject)

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`parts` (h, w) of the first image and `parts_b` of the second; each sums to the cosine."""
        assert isinstance(subject, Method)
        shown, first, second = _places.seen(subject, a, b)
        found = parts_of(first, second)
        strongest = max(float(np.abs(found.a).max()), float(np.abs(found.b).max()))
        share = _share_of_half(found.a)
        says = (
            f"The places of each picture add up to the cosine {found.cosine:.3f}. Half of it comes from "
            f"{100 * share:.0f} % of the first picture."
            if found.cosine > 0
            else f"The places of each picture add up to the cosine {found.cosine:.3f}; nothing speaks for likeness."
        )
        caption = "Orange: speaks for likeness. Blue: against it. Shown is what the network is given."
        pictures = tuple(
            Picture(title, _drawing.heat(image, parts, strongest), caption)
            for title, image, parts in zip(("First image", "Second image"), shown, found[1:], strict=True)
        )
        arrays = {"parts": found.a, "parts_b": found.b}
        return Evidence(self.id, says, pictures, None, {"cosine": found.cosine}, arrays)


def parts_of(first: Array, second: Array) -> Parts:
    """How the cosine of the means of (h, w, D) and (h', w', D) vectors is made up, place by place; 0 of zero means."""
    mean_a, mean_b = (grid.reshape(-1, grid.shape[-1]).mean(axis=0) for grid in (first, second))
    lengths = max(float(np.linalg.norm(mean_a) * np.linalg.norm(mean_b)), 1e-300)
    parts_a = first @ mean_b / (lengths * first[..., 0].size)
    parts_b = second @ mean_a / (lengths * second[..., 0].size)
    return Parts(float(mean_a @ mean_b / lengths), parts_a, parts_b)


def _share_of_half(parts: Array) -> float:
    """The smallest share of the places whose parts reach half of the sum."""
    reached = np.sort(parts.ravel())[::-1].cumsum()
    return float((np.argmax(reached >= reached[-1] / 2) + 1) / parts.size)
