"""Pixel by pixel: where brightness differs, and where structure is lost."""

from __future__ import annotations

import numpy as np

from imgsim.explanations import EXPLANATIONS, SIDE, Evidence, Explanation, Picture, Subject, _drawing
from imgsim.pair_scores.ssim import Ssim
from imgsim.raster import squash
from imgsim.types import Image

SIZE = 256  # pixels a side that both are squashed to


@EXPLANATIONS.register
class PixelDifference(Explanation):
    """The absolute difference of both images, squashed to one size, and the local SSIM."""

    id = "pixel_difference"
    title = "Where do the pixels differ?"
    sees = "The difference of each pixel, and the structural similarity round it."
    methods = ("pixels", "eigenimages", "mse", "psnr", "ssim", "ms_ssim")
    families = ("pixels", "perception")
    reference = "Wang et al.: Image quality assessment, TIP 2004, doi:10.1109/TIP.2003.819861"

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:  # noqa: ARG002 - all compare pixels
        """`difference` (256, 256), 0 to 255, mean over the channels; `ssim` (246, 246), -1 to 1, whose mean is SSIM."""
        first, second = (squash(image, SIZE, SIZE) for image in (a, b))
        difference = np.abs(first.astype(np.float64) - second).mean(axis=2)
        score = Ssim()
        local = score.local(score.prepare(a)[0], score.prepare(b)[0])
        same = float((difference < 2).mean())
        says = (
            f"{100 * same:.0f} % of the pixels are the same to 2 of 255 levels, the mean difference is "
            f"{difference.mean():.1f} levels. SSIM is {local.mean():.3f}; 1 is the same picture."
        )
        pictures = (
            Picture(
                "Difference",
                _drawing.shades(difference, 0, 128, SIDE),
                "Black: the same. White: 128 or more of 255 levels apart.",
            ),
            Picture(
                "SSIM, place by place",
                _drawing.shades(local, 0, 1, SIDE),
                "White: the same structure here. Black: another, or none in common.",
            ),
        )
        numbers = {"mean difference (levels of 255)": float(difference.mean()), "SSIM": float(local.mean())}
        return Evidence(self.id, says, pictures, None, numbers, {"difference": difference, "ssim": local})
