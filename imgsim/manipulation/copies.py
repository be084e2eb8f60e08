"""Copy-move: a region of a picture that occurs in it a second time, perhaps turned or scaled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imgsim.manipulation.points import SIDE, root_sift
from imgsim.manipulation.regions import Finding, Mask, cleaned, regions_of
from imgsim.raster import Grey, grey, opencv, scale_to, squash
from imgsim.types import Image

NEAREST = 6  # look-alikes of a point that are considered
RATIO = 0.75  # the next look-alike must be clearly farther (Amerini et al. 2011)
FARTHEST = 0.6  # RootSIFT distance of a match, 0 to 1.41
APART = 0.04  # of the long side; what is nearer is texture
CHANCE = 5  # points that one transform must explain
MISS = 3.0  # pixels at a long side of 800
CLUSTERS = 12  # transforms looked for
WINDOW = 15  # pixels of the correlation window
ALIKE = 0.80  # correlation of what was copied
SMALLEST = 0.001  # of the picture
SMOOTH = 2.0  # grey levels of standard deviation below which a window is too smooth to correlate

Array = npt.NDArray[Any]


class Transform(NamedTuple):
    """(2, 3) affine mapping from one copy to the other, and the (n, 2) points of either that agree on it."""

    mapping: Array
    from_xy: Array
    to_xy: Array


def copy_move(suspect: Image) -> Finding:
    """Both copies of every region that occurs twice; the score is the number of points that say so.

    SIFT keypoints are matched within the picture, transforms found one after the other by MAGSAC++, and each copy grown
    to where the picture correlates with its transformed self. Which of the two is the original cannot be told.
    Reference: Christlein et al.: An evaluation of popular copy-move forgery detection approaches, TIFS 2012.
    """
    small = scale_to(grey(suspect), SIDE)
    xy, descriptors = root_sift(small, contrast=0.015)
    found = transforms(*self_matches(xy, descriptors))
    mask = np.zeros(small.shape, bool)
    points = 0
    for one in found:
        grown = _grown(small, one)
        points += len(one.from_xy) if grown.any() else 0
        mask |= grown
    full = squash(mask.astype(np.uint8), suspect.shape[1], suspect.shape[0]) > 0
    note = "Both copies are marked; patterns that repeat by nature, such as windows, are found too."
    return Finding(float(points), "matched points that agree on a copy", full, regions_of(full), note)


def self_matches(xy: Array, descriptors: Array) -> tuple[Array, Array]:
    """(M, 2) points and (M, 2) their look-alikes elsewhere; each pair once."""
    if len(xy) < 2 * CHANCE:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    rows, others = [], []
    for start in range(0, len(xy), 500):
        block = slice(start, start + 500)
        far = np.sqrt(np.maximum(2 - 2 * (descriptors[block] @ descriptors.T), 0))
        near = np.linalg.norm(xy[block, None] - xy[None], axis=2) < APART * SIDE
        far[near] = np.inf
        order = np.argsort(far, axis=1)[:, : NEAREST + 1]
        ranked = np.take_along_axis(far, order, axis=1)
        # As long as a look-alike is clearly nearer than the next one it counts, so that several copies are found.
        clear = (ranked[:, :-1] < RATIO * ranked[:, 1:]) & (ranked[:, :-1] < FARTHEST)
        last = np.where(clear.any(axis=1), clear.shape[1] - clear[:, ::-1].argmax(axis=1), 0)
        for row, upto in enumerate(last):
            rows += [start + row] * int(upto)
            others += order[row, :upto].tolist()
    pairs = np.unique(np.sort(np.array([rows, others], np.int64).T.reshape(-1, 2), axis=1), axis=0)
    # One way round for all: the copy that stands further right.
    a, b = xy[pairs[:, 0]], xy[pairs[:, 1]]
    swap = (a[:, 0] + 0.1 * a[:, 1] > b[:, 0] + 0.1 * b[:, 1])[:, None]
    return np.where(swap, b, a), np.where(swap, a, b)


def transforms(from_xy: Array, to_xy: Array) -> list[Transform]:
    """The transforms that many matches agree on, one after the other."""
    cv2 = opencv()
    found: list[Transform] = []
    while len(from_xy) >= CHANCE and len(found) < CLUSTERS:
        mapping, kept = cv2.estimateAffine2D(
            from_xy, to_xy, method=cv2.USAC_MAGSAC, ransacReprojThreshold=MISS, maxIters=5000, confidence=0.999
        )
        if mapping is None or kept.sum() < CHANCE:
            break
        agree = kept.ravel() > 0
        one = Transform(mapping, from_xy[agree], to_xy[agree])
        if _plausible(one):
            found.append(one)
        from_xy, to_xy = from_xy[~agree], to_xy[~agree]
    return found


def _plausible(one: Transform) -> bool:
    """No fold, no more than twice the size or half of it, and points that span an area."""
    stretch = np.linalg.svd(one.mapping[:, :2], compute_uv=False)
    spread = min(np.linalg.svd(np.cov(xy.T), compute_uv=False)[-1] for xy in (one.from_xy, one.to_xy))
    sane = stretch[0] < 2.2 and stretch[1] > 0.45 and np.linalg.det(one.mapping[:, :2]) > 0
    return bool(sane and spread > 4)


def _grown(picture: Grey, one: Transform) -> Mask:
    """Where the picture looks like its transformed self, connected to the points that agree; both copies."""
    cv2 = opencv()
    size = (picture.shape[1], picture.shape[0])
    back = cv2.invertAffineTransform(one.mapping)
    there = cv2.warpAffine(picture, one.mapping, size)
    known = cv2.warpAffine(np.full(picture.shape, 1, np.uint8), one.mapping, size) > 0
    alike = cleaned((correlation(picture, there) > ALIKE) & known, round(SMALLEST * picture.size), close=15)
    target = _touching(alike, one.to_xy)
    source = cv2.warpAffine(target.astype(np.uint8), back, size) > 0
    return np.asarray(target | source)


def correlation(a: Grey, b: Grey) -> Array:
    """(H, W) normalised correlation of the windows round each pixel, -1 to 1; 0 where a window is too smooth."""
    cv2 = opencv()

    def mean(x: Array) -> Array:
        return np.asarray(cv2.GaussianBlur(x, (WINDOW, WINDOW), WINDOW / 4))

    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = mean(x), mean(y)
    var_x, var_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    both = np.sqrt(np.maximum(var_x, 0) * np.maximum(var_y, 0))
    rough = (var_x > SMOOTH**2) & (var_y > SMOOTH**2)
    same_light = np.abs(mean_x - mean_y) < 25
    return np.where(rough & same_light, (mean(x * y) - mean_x * mean_y) / np.maximum(both, 1e-9), 0.0)


def _touching(mask: Mask, xy: Array) -> Mask:
    """The connected parts of a mask that hold three of the points or more."""
    _, labels = opencv().connectedComponents(mask.astype(np.uint8), connectivity=8)
    columns, rows = (np.clip(np.rint(xy[:, i]).astype(int), 0, labels.shape[1 - i] - 1) for i in (0, 1))
    hit = np.bincount(labels[rows, columns], minlength=labels.max() + 1) >= 3
    hit[0] = False
    return np.asarray(hit[labels])
