"""Hashes: grey and small, waves or differences, and of each only a yes or no."""

from __future__ import annotations

from typing import cast

import numpy as np

from imgsim.methods import Method
from imgsim.methods._square_hash import NOISE, SquareHash
from imgsim.methods.phash import OVERSAMPLING
from imgsim.methods.whash import BLOCK
from imgsim.raster import grey, opencv, squash
from imgsim.steps import WALKS, Drawn, Step, Walk, as_rgb, enlarged, shade, vector_step
from imgsim.types import Float, Image


@WALKS.register
class HashBits(Walk):
    """What each hash asks of the small grey picture."""

    id = "hash_bits"
    methods = ("phash", "dhash", "ahash", "whash")

    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """Picture, grey and small, what is asked, bits."""
        side = cast(SquareHash, method).hash_size
        small, middle, bits = _ASK[method.id](image, side)
        cells = bits.reshape(side, side).astype(np.float32)
        height, width = small.shape
        says, formula = _ANSWER[method.id]
        return (
            Step("Picture", "The picture as it was decoded.", "", (Drawn("the picture", enlarged(image)),)),
            Step(
                "Grey and small",
                f"Colour and detail are given up: {width} x {height} grey pixels.",
                "y = 0.299\\,r + 0.587\\,g + 0.114\\,b",
                (Drawn(f"{width} x {height}", enlarged(as_rgb(small))),),
            ),
            middle,
            Step("Bits", says, formula, (Drawn("white where the answer is yes", enlarged(shade(cells))),)),
            vector_step(
                bits.astype(np.float32),
                f"The {side * side} answers in a row. Two pictures are compared by counting the answers that differ.",
                r"d(a, b) = \sum_k [\, a_k \neq b_k \,]",
            ),
        )


def _phash(image: Image, side: int) -> tuple[Image, Step, Float]:
    small = squash(grey(image), side * OVERSAMPLING, side * OVERSAMPLING)
    waves = opencv().dct(small.astype(np.float32))
    low = waves[:side, :side]
    step = Step(
        "Waves",
        f"The picture as a sum of waves (discrete cosine transform). Only the {side} x {side} slowest are kept: the "
        "broad layout of light. Top left is the slowest of all.",
        r"c_{uv} = \alpha_u \alpha_v \sum_{ij} y_{ij} \cos\tfrac{(2i+1)u\pi}{2n} \cos\tfrac{(2j+1)v\pi}{2n}",
        (
            Drawn("all waves, by the logarithm of their strength", enlarged(shade(np.log1p(np.abs(waves))))),
            Drawn(f"the {side} x {side} slowest", enlarged(shade(np.sign(low) * np.log1p(np.abs(low))))),
        ),
    )
    return small, step, (low.reshape(-1) > np.median(low) + NOISE).astype(np.float32)


def _dhash(image: Image, side: int) -> tuple[Image, Step, Float]:
    small = squash(grey(image), side + 1, side)
    steps = np.diff(small.astype(np.int16), axis=1)
    step = Step(
        "Differences",
        "Each pixel minus the one on its left: white where it gets brighter, black where it gets darker.",
        r"\delta_{ij} = y_{i,j+1} - y_{ij}",
        (Drawn("differences", enlarged(shade(steps.astype(np.float32)))),),
    )
    return small, step, (steps.reshape(-1) > 0).astype(np.float32)


def _ahash(image: Image, side: int) -> tuple[Image, Step, Float]:
    small = squash(grey(image), side, side)
    away = small.astype(np.float32) - small.mean()
    step = Step(
        "Mean",
        f"The mean grey level is {small.mean():.1f} of 255; it is taken off.",
        r"\bar{y} = \frac{1}{n} \sum y_{ij}",
        (Drawn("lighter and darker than the mean", enlarged(shade(away))),),
    )
    return small, step, (small.reshape(-1) > small.mean()).astype(np.float32)


def _whash(image: Image, side: int) -> tuple[Image, Step, Float]:
    small = squash(grey(image), side * BLOCK, side * BLOCK)
    low = small.reshape(side, BLOCK, side, BLOCK).mean(axis=(1, 3))
    step = Step(
        "Wavelets",
        f"Three times, each 2 x 2 pixels become their mean (the low-pass part of a Haar wavelet): {side} x {side} "
        "blocks are left, the detail is dropped.",
        r"a_{ij} = \tfrac{1}{4}\,(y_{2i,2j} + y_{2i+1,2j} + y_{2i,2j+1} + y_{2i+1,2j+1})",
        (Drawn("means of the blocks", enlarged(shade(low.astype(np.float32)))),),
    )
    return small, step, (low.reshape(-1) > np.median(low) + NOISE).astype(np.float32)


_ASK = {"phash": _phash, "dhash": _dhash, "ahash": _ahash, "whash": _whash}
_ANSWER = {
    "phash": (
        "Of each wave only this: is it above the median of all?",
        r"b_{uv} = [\, c_{uv} > \operatorname{med}(c) \,]",
    ),
    "dhash": ("Of each difference only this: does it get brighter?", r"b_{ij} = [\, \delta_{ij} > 0 \,]"),
    "ahash": ("Of each pixel only this: is it brighter than the mean?", r"b_{ij} = [\, y_{ij} > \bar{y} \,]"),
    "whash": (
        "Of each block only this: is it above the median of all?",
        r"b_{ij} = [\, a_{ij} > \operatorname{med}(a) \,]",
    ),
}
