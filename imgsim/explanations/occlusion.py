"""Cover a window and look how far the similarity falls: works for every method, and knows nothing of how it works."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imgsim import neighbors
from imgsim.explanations import EXPLANATIONS, SIDE, Evidence, Explanation, Picture, Subject, _drawing
from imgsim.methods import Array, Method
from imgsim.raster import shrink_to
from imgsim.types import Image

GRID = 7  # windows a side
LARGEST = 512  # pixels of the long side that is looked at
Similarity = Callable[[list[Image]], Array]  # images -> (B,) similarities with the other image


@EXPLANATIONS.register
class Occlusion(Explanation):
    """What each of 7 x 7 windows, painted in the image's mean colour, takes from the similarity."""

    id = "occlusion"
    title = "What would be missed if it were covered?"
    sees = "The fall of the similarity when a window is covered with the mean colour."
    reference = "Zeiler, Fergus: Visualizing and understanding convolutional networks, ECCV 2014, arXiv:1311.2901"

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`a`, `b` (7, 7) fall of the similarity where a window of the first or second image is covered."""
        first, second = (np.ascontiguousarray(shrink_to(image, LARGEST)) for image in (a, b))
        falls = [falls_of(first, _against(subject, second)), falls_of(second, _against(subject, first))]
        whole = float(_against(subject, second)([first])[0])
        strongest = max(float(np.abs(fall).max()) for fall in falls)
        if strongest < 1e-9:
            says = f"The similarity is {whole:.3f}; no single window changes it."
        else:
            worst = max(float(fall.max()) for fall in falls)
            says = f"The similarity is {whole:.3f}; the window that matters most takes {max(worst, 0):.3f} from it. "
            says += "Windows overlap in what they do, so their parts do not add up."
        caption = "Orange: covering it makes the images less alike. Blue: more alike."
        pictures = tuple(
            Picture(title, _drawing.heat(_drawing.readable(image, SIDE), fall, strongest), caption)
            for title, image, fall in (("First image", first, falls[0]), ("Second image", second, falls[1]))
        )
        return Evidence(self.id, says, pictures, None, {"similarity": whole}, {"a": falls[0], "b": falls[1]})


def falls_of(image: Image, similarity: Similarity) -> Array:
    """(7, 7) similarity of the whole image less that with each window covered."""
    covered = [image, *(_covered(image, row, column) for row in range(GRID) for column in range(GRID))]
    found = similarity(covered)
    return np.asarray(found[0] - found[1:], np.float64).reshape(GRID, GRID)


def _covered(image: Image, row: int, column: int) -> Image:
    """A copy with one window in the mean colour."""
    height, width = image.shape[:2]
    copy = image.copy()
    rows = slice(row * height // GRID, max((row + 1) * height // GRID, row * height // GRID + 1))
    columns = slice(column * width // GRID, max((column + 1) * width // GRID, column * width // GRID + 1))
    copy[rows, columns] = np.rint(image.mean(axis=(0, 1))).astype(np.uint8)
    return copy


def _against(subject: Subject, other: Image) -> Similarity:
    """The similarity of images with another, larger is closer."""
    if isinstance(subject, Method):
        return _by_vectors(subject, other)
    prepared, sign = subject.prepare(other), 1 if subject.larger_is_closer else -1
    return lambda images: np.array([sign * subject.score(subject.prepare(image), prepared) for image in images])


def _by_vectors(method: Method, other: Image) -> Similarity:
    point = method.embed([other])

    def similarity(images: list[Image]) -> Array:
        vectors = np.concatenate([method.embed(images[i : i + 16]) for i in range(0, len(images), 16)])
        far = neighbors.pair_distances(vectors, np.repeat(point, len(vectors), axis=0), method.metric)
        return neighbors.similarity(far, method.metric, method.dim)

    return similarity
