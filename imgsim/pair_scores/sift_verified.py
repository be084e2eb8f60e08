"""RootSIFT matches that agree on one mapping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.pair_scores import PAIR_SCORES, Array
from imgsim.pair_scores._verified import Verified
from imgsim.raster import keypoint_canvas, opencv
from imgsim.types import Image


@PAIR_SCORES.register
@dataclass(frozen=True)
class SiftVerified(Verified):
    """Keypoints by SIFT, verified by MAGSAC++."""

    id = "sift_verified"
    title = "SIFT matches, verified"
    sees = "The same flat or distant object or scene, also turned, scaled, cropped, tilted or partly hidden."
    blind_to = "Things that bend or have no corners, and other things of the same kind."
    reference = "Barath et al.: MAGSAC++, CVPR 2020, doi:10.1109/CVPR42600.2020.00138"
    licence = "free since 2020 (SIFT patent US6711293 expired)"

    def features(self, image: Image) -> tuple[Array, Array]:
        """(n, 2) points and (n, 128) RootSIFT."""
        detector = opencv().SIFT_create(nfeatures=self.keypoints)
        points, found = detector.detectAndCompute(keypoint_canvas(image), None)
        if found is None:
            return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
        shares = found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)
        return np.array([point.pt for point in points], np.float32), np.sqrt(shares)
