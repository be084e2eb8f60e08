"""Candidates looked at point by point: do enough keypoints agree on one mapping, mirrored or not, and does the rest of
the picture agree under it? A caption, a logo or a hook on the wall is shared by pictures that are no copies.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.duplicates.sketches import SMALL, Sketches, View
from imgsim.pair_scores._verified import CHANCE, agreement
from imgsim.progress import Progress
from imgsim.raster import opencv

ENOUGH = 15  # points; of 600 photographs no two reach 8, of 600 on like hangers 9 pairs reach it
FARTHEST = 64  # bits of 256 between two views of one point
RATIO = 0.9  # greatest distance to the best match over that to the second
TOLERANCE = 2.5  # pixels of a long side of 160 by which a point may miss
BLOCKS = 8  # a side, of the small picture
FLAT = 3.0  # grey levels of standard deviation: a block with less has nothing to compare
LIKE = 0.5  # correlation from which on two blocks agree
SHARE = 0.5  # of the blocks that have something to compare must agree
SPREAD = 3  # rows and columns of blocks in which some agree: a line of words has fewer
BOTH = 2  # the picture and, where that does not agree, its mirror image
STEP = 256  # pairs between two reports of progress

Array = npt.NDArray[Any]


def points_of(sketches: Sketches, candidates: Array, progress: Progress) -> npt.NDArray[np.int32]:
    """(P,) points that agree of (P, 3) two places and what to look at, the picture, its mirror image or both.

    0 below 8 points or where the rest is unlike, -1 where a picture has no keypoints kept.
    """
    counts = np.empty(len(candidates), np.int32)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(candidates), STEP):
            progress("Checking candidates point by point", start, len(candidates))
            some = candidates[start : start + STEP].tolist()
            counts[start : start + STEP] = list(pool.map(lambda one: _count(sketches, *one), some))
    progress("Checking candidates point by point", len(candidates), len(candidates))
    return counts


def _count(sketches: Sketches, a: int, b: int, side: int) -> int:
    if max(a, b) >= len(sketches.counts):
        return -1
    other, points = sketches.view(b), 0
    for each in (0, 1) if side == BOTH else (side,):
        points = max(points, agreeing(sketches.view(a, each), other))
        if points >= ENOUGH:
            break
    return points


def agreeing(a: View, b: View) -> int:
    """How many matched keypoints one mapping of the plane explains; 0 below 8, or where the pictures are unlike."""
    rows_a, rows_b = matches(a.points.descriptors, b.points.descriptors)
    if len(rows_a) < CHANCE:
        return 0
    found = agreement(a.points.xy[rows_a], b.points.xy[rows_b], TOLERANCE)
    if found.homography is None or not alike(a, b, found.homography):
        return 0
    return len(found.from_xy)


def alike(a: View, b: View, homography: Array) -> bool:
    """Whether most of what two pictures have in common looks the same once one is laid over the other.

    Where they overlap they are compared block by block, by correlation: so a bar or a caption on one of them counts
    for no more than its area.
    """
    cv2 = opencv()
    mapping = np.diag([1 / b.scale[0], 1 / b.scale[1], 1]) @ homography @ np.diag([*a.scale, 1])
    laid = _blocks(cv2.warpPerspective(np.ascontiguousarray(a.small), mapping, (SMALL, SMALL)))
    inside = _blocks(cv2.warpPerspective(np.ones((SMALL, SMALL), np.uint8), mapping, (SMALL, SMALL), flags=0))
    under = _blocks(b.small)
    first, second = (one - one.mean(axis=1, keepdims=True) for one in (laid, under))
    spread_a, spread_b = (first**2).mean(axis=1), (second**2).mean(axis=1)
    counted = (inside.mean(axis=1) > 0.75) & (np.maximum(spread_a, spread_b) > FLAT**2)
    agree = counted & ((first * second).mean(axis=1) > LIKE * np.sqrt(spread_a * spread_b + 1))
    rows, columns = np.nonzero(agree.reshape(BLOCKS, BLOCKS))
    wide = len(np.unique(rows)) >= SPREAD and len(np.unique(columns)) >= SPREAD
    return wide and bool(agree.sum() >= SHARE * counted.sum())


def _blocks(picture: Array) -> npt.NDArray[np.float32]:
    """(64, 36) pixels of 8 x 8 blocks."""
    side = SMALL // BLOCKS
    cut = picture.astype(np.float32).reshape(BLOCKS, side, BLOCKS, side)
    return cut.transpose(0, 2, 1, 3).reshape(BLOCKS * BLOCKS, side * side)


def matches(a: Array, b: Array) -> tuple[Array, Array]:
    """(M,) rows of a and of b, (n, 32) bytes each, that are nearest to each other and nearer than the second."""
    if len(a) < CHANCE or len(b) < CHANCE:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    cv2 = opencv()
    bits, others = cv2.batchDistance(a, b, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=2)
    back = cv2.batchDistance(b, a, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=1)[1][:, 0]
    best, rows = others[:, 0], np.arange(len(a))
    clear = (back[best] == rows) & (bits[:, 0] <= FARTHEST) & (bits[:, 0] <= RATIO * bits[:, 1])
    return rows[clear], best[clear]
