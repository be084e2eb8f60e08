"""Edge directions in cells, as strokes along the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.methods import Method
from imgsim.raster import grey, opencv, squash
from imgsim.sights import SIDE, SIGHTS, Sight
from imgsim.types import Image

CELLS, BINS = 12, 9


@SIGHTS.register
class Edges(Sight):
    """Histograms of oriented gradients, one star of strokes a cell; brighter where edges are stronger."""

    id = "edges"
    caption = "Which way edges run in each cell; no colour."
    families = ("gradients",)

    def draw(self, method: Method, image: Image) -> Image:  # noqa: ARG002 - all see edges
        """Strokes of the nine directions."""
        cv2 = opencv()
        small = squash(grey(image), SIDE, SIDE).astype(np.float32)
        across, down = (cv2.Sobel(small, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
        strength, angle = np.hypot(across, down), np.arctan2(down, across) % np.pi
        which = np.minimum((angle / np.pi * BINS).astype(int), BINS - 1)
        step = SIDE // CELLS
        picture = np.zeros((SIDE, SIDE), np.uint8)
        cells = [(r * step, c * step) for r in range(CELLS) for c in range(CELLS)]
        votes = np.stack([_votes(which, strength, top, left, step) for top, left in cells])
        shades = np.sqrt(votes / max(float(np.quantile(votes, 0.99)), 1e-9)).clip(0, 1) * 255
        for (top, left), shade in zip(cells, shades, strict=True):
            for k in np.argsort(shade):
                along = (k + 0.5) / BINS * np.pi + np.pi / 2  # an edge runs across its gradient
                x, y = np.cos(along) * step / 2, np.sin(along) * step / 2
                middle = (left + step / 2, top + step / 2)
                ends = [(round(middle[0] + s * x), round(middle[1] + s * y)) for s in (-1, 1)]
                cv2.line(picture, ends[0], ends[1], int(shade[k]), 1, cv2.LINE_AA)
        return np.repeat(picture[:, :, None], 3, axis=2)


def _votes(which: npt.NDArray[Any], strength: npt.NDArray[Any], top: int, left: int, step: int) -> npt.NDArray[Any]:
    part = np.s_[top : top + step, left : left + step]
    return np.bincount(which[part].ravel(), weights=strength[part].ravel(), minlength=BINS)
