"""The bits of two hashes, and those that differ."""

from __future__ import annotations

import numpy as np

from imgsim.explanations import EXPLANATIONS, SIDE, Evidence, Explanation, Picture, Subject, _drawing
from imgsim.methods import Array, Method
from imgsim.types import Image

CLEAR, SET, DIFFERENT = (28, 30, 36), (236, 236, 232), (220, 45, 45)


@EXPLANATIONS.register
class HashBits(Explanation):
    """One cell a bit; the number of red cells is the distance."""

    id = "hash_bits"
    title = "Which bits of the hash differ?"
    sees = "All that is kept of both images, one bit a cell."
    families = ("hashes",)
    reference = "Zauner: Implementation and benchmarking of perceptual image hash functions, Hagenberg 2010"

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`a`, `b` (D,) bits; `parts` (D,) 1 / D where the bits agree, whose sum is the similarity."""
        assert isinstance(subject, Method)
        first, second = (vector > 0.5 for vector in subject.embed([a, b]))
        differ = first != second
        n, wrong = len(differ), int(differ.sum())
        says = f"{wrong} of {n} bits differ; two unrelated pictures differ in about {n // 2}. " + (
            "The hashes are the same." if not wrong else "The red cells are the bits that differ."
        )
        pictures = (
            Picture("Hash of the first image", _square(first, np.zeros_like(differ)), "White: the bit is set."),
            Picture("Hash of the second image", _square(second, np.zeros_like(differ)), "White: the bit is set."),
            Picture("Bits that differ", _square(first, differ), "Red: the bit differs."),
        )
        arrays = {"a": first, "b": second, "parts": (~differ) / n}
        return Evidence(self.id, says, pictures, None, {"bits that differ": wrong, "bits": n}, arrays)


def _square(bits: Array, differ: Array) -> Image:
    side = int(np.ceil(np.sqrt(len(bits))))
    colors = np.full((side * side, 3), 128, np.uint8)
    colors[: len(bits)] = np.where(bits[:, None], SET, CLEAR)
    colors[: len(bits)][differ] = DIFFERENT
    return _drawing.cells(colors.reshape(side, side, 3), SIDE // 2)
