"""Where a suspect differs from a known original, after the original was laid over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.manipulation.points import SIDE, root_sift
from imgsim.manipulation.regions import Finding, Mask, cleaned, regions_of
from imgsim.pair_scores._verified import agreement, mutual_matches
from imgsim.raster import grey, opencv, shrink_to, squash
from imgsim.types import Image

LEAST = 24.0  # grey levels; JPEG and resampling stay below
SPREADS = 6.0  # above the usual difference, in robust standard deviations
SMALLEST = 0.0005  # of the picture
MISS = 3.0  # pixels by which a matched point may miss
BY_SIZE = "The original is laid over it by size; common points confirm that."
UNCONFIRMED = "The original is laid over it by size, unconfirmed: the two have too few common points."
Array = npt.NDArray[Any]


def difference(suspect: Image, original: Image) -> Finding:
    """The regions in which the suspect shows something else than the original.

    The original is aligned by SIFT and MAGSAC++ (Barath et al., CVPR 2020), its brightness fitted per channel, and a
    pixel differs only if it does from all its aligned neighbours, so that edges half a pixel off do not count.

    Raises:
        InputError: the two share too few points and have not the same size either.
    """
    size = suspect.shape[:2]
    small = shrink_to(suspect, SIDE)
    aligned, known, how = _aligned(original, small)
    far = _far(small, aligned, known)
    usual = np.median(far[known]) if known.any() else 0.0
    spread = 1.4826 * float(np.median(np.abs(far[known] - usual))) if known.any() else 0.0
    differs = (far > max(LEAST, usual + SPREADS * spread)) & known
    mask = cleaned(differs, max(12, round(SMALLEST * differs.size)))
    mask = squash(mask.astype(np.uint8), size[1], size[0]) > 0
    return Finding(float(mask.mean()), "share of the picture that differs, 0 to 1", mask, regions_of(mask), how)


def _aligned(original: Image, suspect: Image) -> tuple[Image, Mask, str]:
    """The original in the suspect's frame, where it is known, and how that was found."""
    cv2 = opencv()
    height, width = suspect.shape[:2]
    mapping = _mapping(original, suspect)
    if mapping is None:
        if abs(original.shape[1] / original.shape[0] - width / height) > 0.02:
            raise InputError(
                "the original must show the same scene as the suspect, got too few common points; choose another one."
            )
        return squash(original, width, height), np.ones((height, width), bool), UNCONFIRMED
    if _is_scaling(mapping, original, suspect):
        return squash(original, width, height), np.ones((height, width), bool), BY_SIZE
    placed = cv2.warpPerspective(original, mapping, (width, height), flags=cv2.INTER_AREA)
    known = cv2.warpPerspective(np.full(original.shape[:2], 255, np.uint8), mapping, (width, height))
    inside = cv2.erode(known, np.ones((5, 5), np.uint8)) == 255
    return placed, inside, f"Aligned by common points; {100 * inside.mean():.0f} % of the suspect has a counterpart."


def _mapping(original: Image, suspect: Image) -> Array | None:
    """(3, 3) from the original's pixels to the suspect's; None where too few points agree."""
    a, b = root_sift(grey(original)), root_sift(grey(suspect))
    rows = mutual_matches(a[1], b[1], 0.85)
    found = agreement(a[0][rows[0]], b[0][rows[1]], MISS * max(suspect.shape) / SIDE)
    return found.homography


def _is_scaling(mapping: Array, original: Image, suspect: Image) -> bool:
    """Whether the mapping is no more than scaling to the suspect's size: corners agree within 1.5 pixels."""
    (h, w), (height, width) = original.shape[:2], suspect.shape[:2]
    corners = np.array([[[0, 0]], [[w, 0]], [[0, h]], [[w, h]]], np.float32)
    placed = opencv().perspectiveTransform(corners, mapping)[:, 0]
    return bool(np.abs(placed - corners[:, 0] * [width / w, height / h]).max() < 1.5)


def _far(suspect: Image, aligned: Image, known: Mask) -> Array:
    """(H, W) largest difference of the channels in grey levels, to the closest of the nine neighbours."""
    cv2 = opencv()
    a, b = (cv2.GaussianBlur(one.astype(np.float32), (0, 0), 1.0) for one in (suspect, aligned))
    b = np.stack([_fitted(b[..., c], a[..., c], known) for c in range(3)], axis=2)
    below, above = (filter(b, np.ones((3, 3), np.uint8)) for filter in (cv2.erode, cv2.dilate))
    return np.asarray(np.maximum(np.maximum(below - a, a - above), 0).max(axis=2))


def _fitted(source: Array, target: Array, known: Mask) -> Array:
    """The source with gain and offset fitted to the target, twice: the second time without what fits badly."""
    x, y = source[known], target[known]
    gain, offset = 1.0, 0.0
    for _ in range(2):
        miss = np.abs(gain * x + offset - y)
        good = miss <= max(8.0, 2.5 * float(np.median(miss))) if len(miss) else miss > 0
        if good.sum() < 100 or x[good].std() < 4:
            break
        gain = float(np.clip(np.cov(x[good], y[good])[0, 1] / x[good].var(ddof=1), 0.5, 2.0))
        offset = float(y[good].mean() - gain * x[good].mean())
    return source * gain + offset
