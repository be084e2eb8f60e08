"""The corners and blobs that are described, on the grey photo."""

from __future__ import annotations

import numpy as np

from imgsim.methods import Method
from imgsim.raster import grey, opencv, squash
from imgsim.sights import SIDE, SIGHTS, Sight
from imgsim.types import Image


@SIGHTS.register
class Points(Sight):
    """The strongest keypoints with their size and direction."""

    id = "points"
    caption = "The corners and blobs that are described; where they lie is mostly forgotten."
    families = ("keypoints",)

    def draw(self, method: Method, image: Image) -> Image:  # noqa: ARG002 - all look at keypoints
        """Circles with a hand."""
        cv2 = opencv()
        small = squash(grey(image), SIDE, SIDE)
        found = cv2.SIFT_create(nfeatures=60).detect(small)
        dim = (small * 0.6).astype(np.uint8)
        flags = cv2.DRAW_MATCHES_FLAGS_DRAW_RICH_KEYPOINTS
        drawn = cv2.drawKeypoints(cv2.cvtColor(dim, cv2.COLOR_GRAY2RGB), found, None, (255, 190, 60), flags)
        return np.asarray(drawn, dtype=np.uint8)
