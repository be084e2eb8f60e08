"""Patches of two pictures that a network takes for each other: mutual nearest vectors of places."""

from __future__ import annotations

import colorsys
from typing import NamedTuple

import numpy as np

from imgsim.explanations import EXPLANATIONS, Evidence, Explanation, Picture, Subject, _drawing, _places
from imgsim.methods import Array, Method
from imgsim.raster import opencv
from imgsim.types import Image

SHOWN = 12  # pairs that are drawn


class Pairs(NamedTuple):
    """(M,) places of the first and second image, row by row, and their (M,) cosines, the most alike first."""

    a: Array
    b: Array
    cosine: Array


@EXPLANATIONS.register
class PatchCorrespondences(Explanation):
    """Each place's nearest in the other picture, where both choose each other."""

    id = "patch_correspondences"
    title = "Which patches does the network take for each other?"
    sees = "Patches of both pictures that are each other's nearest to the network."
    families = ("networks",)
    reference = "Amir et al.: Deep ViT features as dense visual descriptors, ECCVW 2022, arXiv:2112.05814"

    def stands_for(self, subject: Subject) -> bool:
        """Networks that keep places and do not average them, such as a transformer with its class token."""
        return isinstance(subject, _places.ByPlace) and not _places.averages(subject)

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`a`, `b` (M,) places of mutual nearest patches, row by row; `cosine` (M,) of them."""
        assert isinstance(subject, Method)
        shown, first, second = _places.seen(subject, a, b)
        found = mutual(first, second)
        n = first[..., 0].size
        says = f"{len(found.a)} of {n} patches choose each other. "
        if len(found.a):
            says += (
                f"The best pair has a cosine of {found.cosine[0]:.2f}, the middle one {np.median(found.cosine):.2f}."
            )
        pictures = (
            Picture(
                "Patches that choose each other",
                _lines(shown, first.shape[:2], second.shape[:2], found),
                f"The {min(SHOWN, len(found.a))} most alike pairs, a colour each. Shown is what the network is given.",
            ),
        )
        numbers = {"pairs": len(found.a), "patches": n}
        return Evidence(self.id, says, pictures, None, numbers, found._asdict())


def mutual(first: Array, second: Array) -> Pairs:
    """Places of (h, w, D) and (h', w', D) vectors that are each other's nearest by cosine, the most alike first."""
    a, b = (grid.reshape(-1, grid.shape[-1]) for grid in (first, second))
    a, b = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in (a, b))
    alike = a @ b.T
    best = alike.argmax(axis=1)
    rows = np.flatnonzero(alike.argmax(axis=0)[best] == np.arange(len(a)))
    cosine = alike[rows, best[rows]]
    order = np.argsort(-cosine, kind="stable")
    return Pairs(rows[order], best[rows][order], cosine[order])


def _lines(shown: list[Image], shape_a: tuple[int, ...], shape_b: tuple[int, ...], found: Pairs) -> Image:
    cv2 = opencv()
    canvas, start = _drawing.beside(shown[0], shown[1])
    chosen = list(zip(found.a[:SHOWN], found.b[:SHOWN], strict=True))
    for number, (here, there) in enumerate(chosen):
        color = tuple(round(255 * v) for v in colorsys.hsv_to_rgb(number / len(chosen), 0.85, 1.0))
        boxes = [_box(int(here), shown[0], shape_a, 0), _box(int(there), shown[1], shape_b, start)]
        for low, high in boxes:
            cv2.rectangle(canvas, low, high, color, 2)
        middles = [((low[0] + high[0]) // 2, (low[1] + high[1]) // 2) for low, high in boxes]
        cv2.line(canvas, *middles, color, 1, cv2.LINE_AA)
    return canvas


def _box(place: int, image: Image, shape: tuple[int, ...], left: int) -> tuple[tuple[int, int], tuple[int, int]]:
    row, column = divmod(place, shape[1])
    tall, wide = image.shape[0] / shape[0], image.shape[1] / shape[1]
    low = (left + round(column * wide), round(row * tall))
    return low, (left + round((column + 1) * wide) - 1, round((row + 1) * tall) - 1)
