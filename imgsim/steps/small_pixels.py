"""Pixels: squash, take out brightness and contrast, read row by row."""

from __future__ import annotations

from typing import cast

import numpy as np

from imgsim.methods import Method
from imgsim.methods.pixels import Pixels
from imgsim.raster import grey, squash
from imgsim.steps import WALKS, Drawn, Step, Walk, as_rgb, enlarged, shade, vector_step
from imgsim.types import Image


@WALKS.register
class SmallPixels(Walk):
    """The three steps of the plainest method."""

    id = "small_pixels"
    methods = ("pixels",)

    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """Picture, small, centred and scaled, vector."""
        pixels = cast(Pixels, method)
        small = squash(image if pixels.color else grey(image), pixels.size, pixels.size)
        shown = small if pixels.color else as_rgb(small)
        values = small.reshape(-1) / 255.0
        found = [
            Step("Picture", "The picture as it was decoded.", "", (Drawn("the picture", enlarged(image)),)),
            Step(
                "Resize",
                f"The whole picture in {pixels.size} x {pixels.size} pixels, each the mean of what it covers; the "
                "shape of the frame is given up.",
                r"s_{ij} = \frac{1}{|A_{ij}|} \sum_{p \in A_{ij}} x_p",
                (Drawn(f"{pixels.size} x {pixels.size}", enlarged(shown)),),
            ),
        ]
        if pixels.normalise:
            centred = np.where(np.ptp(small), values - values.mean(), 0.0)
            length = float(np.linalg.norm(centred))
            values = centred / (length or 1.0)
            per_place = values.reshape(pixels.size, pixels.size, -1).mean(axis=2).astype(np.float32)
            found.append(
                Step(
                    "Normalise",
                    "The mean is taken off, which removes brightness; the length is made 1, which removes contrast. "
                    "Grey is what was the mean.",
                    r"v = \frac{s - \bar{s}}{\lVert s - \bar{s} \rVert}",
                    (Drawn("mean of the channels, centred", enlarged(shade(per_place))),),
                )
            )
        told = "Row by row, all channels: the vector. Two pictures are compared number by number."
        return (*found, vector_step(values.astype(np.float32), told, r"\cos(v, w) = \sum_k v_k w_k"))
