"""Colour histogram: another colour space, bins, counts."""

from __future__ import annotations

from typing import cast

import numpy as np

from imgsim.methods import Method
from imgsim.methods.color_histogram import LONG_SIDE, TOP, ColorHistogram, off_the_edges
from imgsim.raster import opencv, shrink_to
from imgsim.steps import MOST_BARS, WALKS, Chart, Drawn, Step, Walk, enlarged, shade, vector_step
from imgsim.types import Float, Image

CHANNELS = {"rgb": ("red", "green", "blue"), "hsv": ("hue", "saturation", "value"), "lab": ("lightness", "a", "b")}
BACK = {"hsv": "COLOR_HSV2RGB", "lab": "COLOR_LAB2RGB"}
INTO = {"hsv": "COLOR_RGB2HSV", "lab": "COLOR_RGB2LAB"}


@WALKS.register
class Colours(Walk):
    """The counts of the colours."""

    id = "colours"
    methods = ("color_histogram",)

    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """Picture, colour space, bins, histogram."""
        histogram, cv2 = cast(ColorHistogram, method), opencv()
        small = shrink_to(image, LONG_SIDE)
        space, bins = histogram.space, histogram.bins
        other = cv2.cvtColor(small, getattr(cv2, INTO[space])) if space in INTO else small
        shifted = cv2.LUT(other, off_the_edges(space, bins))
        index = np.stack([shifted[..., c].astype(int) * bins // TOP[space][c] for c in range(3)], axis=-1)
        coarse = _middles(index, space, bins)
        vector = self._vector(index, histogram)
        channels = tuple(Drawn(n, enlarged(shade(other[..., c]))) for c, n in enumerate(CHANNELS[space]))
        return (
            Step(
                "Picture",
                f"At most {LONG_SIDE} pixels on the long side: more would change no count visibly.",
                "",
                (Drawn("the picture", enlarged(small)),),
            ),
            Step(
                "Colour space",
                f"Each pixel is written as {', '.join(CHANNELS[space])}. Some spaces part what the eye parts: hue from "
                "light, for instance.",
                "",
                channels,
            ),
            Step(
                "Bins",
                f"Each channel is cut into {bins} steps: {bins**3:,} colours are told apart, all others are the same.",
                r"b_c = \lfloor x_c \cdot B / M_c \rfloor",
                (Drawn("each pixel as the middle of its bin", enlarged(coarse)),),
            ),
            Step(
                "Histogram",
                "How many pixels fall into each bin, as shares. Where they were is gone"
                + (
                    f", but for the cell of the {histogram.grid} x {histogram.grid} grid."
                    if histogram.grid > 1
                    else "."
                ),
                r"h_b = \frac{1}{N} \sum_p [\, b(p) = b \,]",
                (Drawn("the colours, each as wide as it is frequent", _palette(index, space, bins)),),
                _chart(vector, bins),
            ),
            vector_step(
                vector, "The shares in the order of the bins; they sum to 1.", r"d(g, h) = 1 - \sum_b \min(g_b, h_b)"
            ),
        )

    def _vector(self, index: Float, histogram: ColorHistogram) -> Float:
        from imgsim.methods._grid import cells

        parts = []
        for cell in cells(index, histogram.grid):
            flat = cell.reshape(-1, 3) @ np.array([histogram.bins**2, histogram.bins, 1])
            counts = np.bincount(flat, minlength=histogram.bins**3)
            parts.append(counts / counts.sum())
        return (np.concatenate(parts) / len(parts)).astype(np.float32)


def _middles(index: Float, space: str, bins: int) -> Image:
    cv2 = opencv()
    width = np.array(TOP[space]) / bins
    values = np.minimum((index + 0.5) * width, np.array(TOP[space]) - 1).astype(np.uint8)
    return np.asarray(cv2.cvtColor(values, getattr(cv2, BACK[space])) if space in BACK else values)


def _palette(index: Float, space: str, bins: int) -> Image:
    flat = index.reshape(-1, 3)
    colours, counts = np.unique(flat, axis=0, return_counts=True)
    order = np.argsort(-counts)[:24]
    ends = np.round(np.cumsum(counts[order]) / counts[order].sum() * 320).astype(int)
    picture = np.zeros((96, 320, 3), np.uint8)
    shown = _middles(colours[order][None], space, bins)[0]
    for colour, start, end in zip(shown, [0, *ends[:-1]], ends, strict=True):
        picture[:, start:end] = colour
    return picture


def _chart(vector: Float, bins: int) -> Chart:
    chosen = np.argsort(-vector, kind="stable")[: MOST_BARS // 4]
    chosen = chosen[vector[chosen] > 0]
    names = tuple(
        f"bin {int(i) % bins**3}" + (f", cell {int(i) // bins**3 + 1}" if len(vector) > bins**3 else "") for i in chosen
    )
    return Chart("The most frequent bins", names, tuple(float(vector[i]) for i in chosen), "share of pixels")
