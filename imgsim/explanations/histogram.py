"""Colour histograms over each other: which colours both images have, and which only one."""

from __future__ import annotations

import dataclasses

import numpy as np

from imgsim.explanations import EXPLANATIONS, SIDE, Bars, Evidence, Explanation, Picture, Subject, _drawing
from imgsim.methods import METHODS, Array
from imgsim.methods.color_histogram import TOP, ColorHistogram, off_the_edges
from imgsim.raster import opencv, shrink_to, squash
from imgsim.types import Image

SHOWN = 16  # colours as bars


@EXPLANATIONS.register
class Histogram(Explanation):
    """The bins of both histograms; what they share adds up to the similarity of a plain colour histogram."""

    id = "histogram"
    title = "Which colours do both have, and how much of each?"
    sees = "The share of each colour in both images, and where the shared colours are."
    families = ("colour",)
    reference = "Swain, Ballard: Color indexing, IJCV 1991, doi:10.1007/BF00130487"

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`a`, `b` (bins,) shares; `parts` (bins,) that sum to the similarity; `shared` for other methods."""
        method = subject if isinstance(subject, ColorHistogram) else _stand_in()
        flat = dataclasses.replace(method, grid=1)
        first, second = method.embed([a, b]).astype(np.float64)
        parts = shared(first, second, method.distance)
        bins = flat.dim
        first, second, parts = (v.reshape(-1, bins).sum(axis=0) for v in (first, second, parts))
        chosen = np.argsort(-np.maximum(first, second), kind="stable")[:SHOWN]
        chosen = chosen[np.maximum(first, second)[chosen] > 0]
        colors = bin_colors(flat, (a, b))
        says = f"{_own(subject)}The colours that both have make {parts.sum():.2f} of 1. "
        says += _differs(first - second, colors)
        bars = Bars(
            "How much of each colour does each image have?",
            tuple(_hex(colors[i]) for i in chosen),
            np.asarray(first[chosen], np.float32),
            np.asarray(second[chosen], np.float32),
            "share of the pixels",
            tuple(_hex(colors[i]) for i in chosen),
        )
        agree = np.minimum(first, second) / np.maximum(np.maximum(first, second), 1e-12)
        pictures = tuple(
            Picture(
                f"Colours of the {which} image that the other has too",
                _agreeing(flat, image, agree),
                "In colour: the other has as much of it. Grey: it has less, or none.",
            )
            for which, image in (("first", a), ("second", b))
        )
        arrays = {"a": first, "b": second, "parts" if subject is method else "shared": parts}
        return Evidence(self.id, says, pictures, bars, {"what both share, 0 to 1": float(parts.sum())}, arrays)


def shared(a: Array, b: Array, distance: str) -> Array:
    """(D,) what each bin of two histograms of sum 1 gives to their similarity; the parts add up to it."""
    if distance == "hellinger":
        return np.asarray(np.sqrt(a * b))
    if distance == "chi_square":  # 1 - sum (a - b)^2 / (a + b) / 2, bin by bin
        return np.asarray(2 * a * b / np.maximum(a + b, 1e-300))
    return np.asarray(np.minimum(a, b))


def bin_of(method: ColorHistogram, pixels: Image) -> Array:
    """(H, W) the bin that each pixel falls into, with a grid of 1."""
    cv2 = opencv()
    codes = {"hsv": cv2.COLOR_RGB2HSV, "lab": cv2.COLOR_RGB2LAB}
    converted = cv2.cvtColor(pixels, codes[method.space]) if method.space in codes else pixels
    moved = cv2.LUT(converted, off_the_edges(method.space, method.bins)).astype(int)
    steps = moved * method.bins // np.array(TOP[method.space])
    return np.asarray(steps @ np.array([method.bins**2, method.bins, 1]))


def bin_colors(method: ColorHistogram, images: tuple[Image, ...]) -> Array:
    """(bins, 3) mean colour, 0 to 255, of the pixels of the images in each bin; mid grey where there are none."""
    pixels = np.concatenate([squash(shrink_to(image, 256), 128, 128).reshape(-1, 3) for image in images])
    which = bin_of(method, pixels[None])[0]
    counts = np.bincount(which, minlength=method.dim)
    sums = np.stack([np.bincount(which, weights=pixels[:, c], minlength=method.dim) for c in range(3)], axis=1)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], 128.0)


def _agreeing(method: ColorHistogram, image: Image, agree: Array) -> Image:
    small = _drawing.readable(image, SIDE)
    weight = agree[bin_of(method, small)][:, :, None]
    faint = 0.35 * small.mean(axis=2, keepdims=True) + 150
    return np.asarray(np.rint(weight * small + (1 - weight) * faint), dtype=np.uint8)


def _differs(gaps: Array, colors: Array) -> str:
    worst = int(np.argmax(np.abs(gaps)))
    if abs(gaps[worst]) < 0.005:
        return "No colour differs by more than half a percent of the pixels."
    which = "first" if gaps[worst] > 0 else "second"
    return (
        f"The largest gap is {_hex(colors[worst])}: the {which} image has {100 * abs(gaps[worst]):.0f} % more of its "
        "pixels there."
    )


def _own(subject: Subject) -> str:
    if isinstance(subject, ColorHistogram):
        return ""
    return f"{subject.title} keeps less than this; shown are plain colour histograms of both images. "


def _stand_in() -> ColorHistogram:
    found = METHODS.create("color_histogram")
    assert isinstance(found, ColorHistogram)
    return found


def _hex(color: Array) -> str:
    return "#" + "".join(f"{round(float(value)):02x}" for value in color)
