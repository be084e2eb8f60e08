"""Geometric verification: how many matched keypoints agree on one plane-to-plane mapping between the images."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from imgsim.pair_scores import Array, PairScore
from imgsim.parameters import param
from imgsim.raster import opencv
from imgsim.types import Image

CHANCE = 8  # fewer points than this agree by chance, whatever the images; 4 always do
SQUEEZE = 100.0  # a mapping that changes areas more than this, or folds them over, is no view of the same plane


class Verification(NamedTuple):
    """What agrees: M points of either image, (M, 2) as x, y in pixels at a long side of 320, and the mapping.

    `homography` (3, 3) takes the first image's points to the second's; None where nothing agrees.
    """

    from_xy: Array
    to_xy: Array
    homography: Array | None


@dataclass(frozen=True)
class Verified(PairScore):
    """Mutual nearest descriptors that pass the ratio test, then MAGSAC++; a subclass finds keypoints."""

    family = "keypoints"
    larger_is_closer = True
    range: ClassVar[str] = "0 to the number of keypoints: matches that agree; below 8 counts as 0"

    keypoints: int = param(500, "Most keypoints per image; fewer is faster.", minimum=50, maximum=2000)
    ratio: float = param(0.85, "Greatest distance to the best match over that to the second.", minimum=0.5, maximum=1.0)
    tolerance: float = param(
        4.0, "Pixels (of a long side of 320) by which a point may miss.", minimum=1.0, maximum=20.0
    )

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return 320

    @abstractmethod
    def features(self, image: Image) -> tuple[Array, Array]:
        """(n, 2) points and (n, D) descriptors of unit length."""

    def prepare(self, image: Image) -> Array:
        """(n, 2 + D) float32: x and y, then the descriptor."""
        return np.concatenate(self.features(image), axis=1, dtype=np.float32)

    def score(self, a: Array, b: Array) -> float:
        """Number of matches that agree; 0 below 8."""
        return float(len(self.verify(*in_order(a, b)).from_xy))

    def verify(self, a: Array, b: Array) -> Verification:
        """Where and how two prepared images agree."""
        rows_a, rows_b = mutual_matches(a[:, 2:], b[:, 2:], self.ratio)
        return agreement(a[rows_a, :2], b[rows_b, :2], self.tolerance)


def in_order(a: Array, b: Array) -> tuple[Array, Array]:
    """Two prepared images in the order in which they are verified: sampling is not symmetric, the score is."""
    first, second = sorted((a, b), key=lambda rows: (len(rows), rows.tobytes()))
    return first, second


def mutual_matches(a: Array, b: Array, ratio: float) -> tuple[Array, Array]:
    """(M,) rows of a and of b that are nearest to each other, and clearly nearer than the second (Lowe 2004)."""
    if not len(a) or not len(b):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    alike = a @ b.T
    np.minimum(alike, 1, out=alike)
    best, rows = alike.argmax(axis=1), np.arange(len(a))
    mutual = alike.argmax(axis=0)[best] == rows
    nearest = alike[rows, best]
    alike[rows, best] = -np.inf  # so that the greatest is the second; infinitely far where there is none
    clear = np.sqrt(2 - 2 * nearest) <= ratio * np.sqrt(2 - 2 * alike.max(axis=1))
    return rows[clear & mutual], best[clear & mutual]


def agreement(from_xy: Array, to_xy: Array, tolerance: float) -> Verification:
    """The points that one homography explains, found by MAGSAC++ with a fixed seed."""
    nothing = Verification(from_xy[:0], to_xy[:0], None)
    if len(from_xy) < CHANCE:
        return nothing
    cv2 = opencv()
    mapping, mask = cv2.findHomography(from_xy, to_xy, cv2.USAC_MAGSAC, tolerance, maxIters=2000, confidence=0.999)
    if mapping is None or int(mask.sum()) < CHANCE or not _plausible(mapping, from_xy[mask.ravel() > 0]):
        return nothing
    kept = mask.ravel() > 0
    return Verification(from_xy[kept], to_xy[kept], mapping)


def _plausible(mapping: Array, points: Array) -> bool:
    """Whether the mapping neither folds nor squeezes the plane at the points."""
    depth = np.column_stack([points, np.ones(len(points))]) @ mapping[2]
    area = np.linalg.det(mapping) / depth**3
    return bool((area > 1 / SQUEEZE).all() and (area < SQUEEZE).all())
