"""Candidates looked at point by point: do enough keypoints agree on one mapping, mirrored or not?"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imgsim.errors import ImgsimError
from imgsim.pair_scores.sift_verified import SiftVerified
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.types import Collection

KEYPOINTS = 300
ENOUGH = 15  # points; unlike pictures rarely reach 10
MOST_PICTURES = 20_000  # 42 kB each in memory
STEP = 64  # pairs between two reports of progress

Array = npt.NDArray[Any]


class Points(NamedTuple):
    """n keypoints: (n, 2) x and y, (n, 128) RootSIFT as uint8 to save memory, and (n, 1) what makes each length 1."""

    xy: Array
    descriptors: Array
    scale: Array


def mirrored(prepared: Array) -> Array:
    """The (n, 130) features of the mirrored picture from those of the picture itself.

    A keypoint's frame follows its own direction, so a mirror turns over the rows of the 4 x 4 cells and the sense of
    the 8 directions.
    """
    cells = prepared[:, 2:].reshape(-1, 4, 4, 8)[:, ::-1, :, (-np.arange(8)) % 8]
    return np.concatenate([prepared[:, :2] * [-1, 1], cells.reshape(-1, 128)], axis=1, dtype=np.float32)


class Verifier:
    """Counts agreeing points of pairs of one collection; keypoints of a picture are found once."""

    enough = ENOUGH

    def __init__(self, pipeline: Pipeline, collection: Collection, progress: Progress) -> None:
        self.pipeline, self.collection, self.progress = pipeline, collection, progress
        self.score = SiftVerified(keypoints=KEYPOINTS)
        self._kept: dict[int, Points] = {}

    def points(self, pairs: Array) -> npt.NDArray[np.int32]:
        """(P,) points that agree, 0 below 8; -1 where a picture cannot be read or there are too many pictures."""
        from threadpoolctl import threadpool_limits

        counts = np.empty(len(pairs), np.int32)
        # Small products in many threads: without the limit each starts threads of its own that wait for each other.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            self._find(np.unique(pairs), pool)
            for start in range(0, len(pairs), STEP):
                self.progress("Checking candidates point by point", start, len(pairs))
                counts[start : start + STEP] = list(pool.map(self._count, pairs[start : start + STEP].tolist()))
        self.progress("Checking candidates point by point", len(pairs), len(pairs))
        return counts

    def _find(self, rows: Array, pool: ThreadPoolExecutor) -> None:
        missing = [row for row in rows.tolist() if row not in self._kept][: MOST_PICTURES - len(self._kept)]
        for start in range(0, len(missing), STEP):
            self.progress("Finding keypoints", start, len(missing))
            for row, found in zip(missing[start:], pool.map(self._read, missing[start : start + STEP]), strict=False):
                if found is not None:
                    self._kept[row] = found

    def _read(self, row: int) -> Points | None:
        try:
            image = self.pipeline.read_image(self.collection, row, self.score.min_side)
        except ImgsimError:
            return None
        prepared = self.score.prepare(image)
        descriptors = np.rint(prepared[:, 2:] * 255).astype(np.uint8)
        lengths = np.linalg.norm(descriptors.astype(np.float32), axis=1, keepdims=True)
        return Points(prepared[:, :2], descriptors, 1 / np.maximum(lengths, 1e-12))

    def _count(self, pair: list[int]) -> int:
        if pair[0] not in self._kept or pair[1] not in self._kept:
            return -1
        a, b = (_features(self._kept[row]) for row in pair)
        plain = self.score.score(a, b)
        return int(plain if plain >= ENOUGH else max(plain, self.score.score(mirrored(a), b)))


def _features(points: Points) -> Array:
    return np.concatenate([points.xy, points.descriptors * points.scale], axis=1, dtype=np.float32)
