"""ORB matches that agree on one mapping: the fast one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.pair_scores import PAIR_SCORES, Array
from imgsim.pair_scores._verified import Verified
from imgsim.raster import keypoint_canvas, opencv
from imgsim.types import Image


@PAIR_SCORES.register
@dataclass(frozen=True)
class OrbVerified(Verified):
    """Keypoints by ORB, verified by MAGSAC++; bits become -1/16 and 1/16, so that nearness is Hamming's."""

    id = "orb_verified"
    title = "ORB matches, verified"
    sees = "The same flat or distant object or scene, also turned, shifted or partly hidden."
    blind_to = "Large changes of scale, things that bend or have no corners, and other things of the same kind."
    reference = "Rublee et al.: ORB, ICCV 2011, doi:10.1109/ICCV.2011.6126544"
    licence = "free (BSD code, no patent)"

    def features(self, image: Image) -> tuple[Array, Array]:
        """(n, 2) points and (n, 256) bits."""
        detector = opencv().ORB_create(nfeatures=self.keypoints, edgeThreshold=15, fastThreshold=10)
        points, found = detector.detectAndCompute(keypoint_canvas(image), None)
        if found is None:
            return np.zeros((0, 2), np.float32), np.zeros((0, 256), np.float32)
        bits = np.unpackbits(found, axis=1).astype(np.float32)
        return np.array([point.pt for point in points], np.float32), (bits - 0.5) / 8
