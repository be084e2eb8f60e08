"""Keypoints that match, those of them that agree on one mapping, and what that mapping does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from imgsim.explanations import EXPLANATIONS, Evidence, Explanation, Picture, Subject, _drawing
from imgsim.methods import Array
from imgsim.pair_scores._verified import CHANCE, agreement, in_order, mutual_matches
from imgsim.pair_scores.sift_verified import SiftVerified
from imgsim.raster import KEYPOINT_SIDE, opencv
from imgsim.types import Image

WIDE = 480  # pixels of the long side of each of the two images
AGREES, STRAY = (30, 170, 90), (205, 205, 205)
LINES = 60  # of a kind; the others are points alone


class Mapping(NamedTuple):
    """What a homography does at the middle of the first image.

    Attributes:
        turn: degrees, clockwise on screen, -180 to 180.
        scale: length in the second image over length in the first, as shares of their long sides.
        stretch: longest over shortest scale, 1 for none.
        right: shift of the middle in percent of the second image's long side, to the right.
        down: the same, downwards.
    """

    turn: float
    scale: float
    stretch: float
    right: float
    down: float


@EXPLANATIONS.register
class SiftMatches(Explanation):
    """Mutual nearest SIFT descriptors; those that one homography explains are inliers."""

    id = "sift_matches"
    title = "Which points of both images are the same?"
    sees = "Matched keypoints; green ones agree on one movement of the picture."
    methods = ("sift_verified", "orb_verified")
    families = ("keypoints",)
    reference = "Barath et al.: MAGSAC++, CVPR 2020, doi:10.1109/CVPR42600.2020.00138"

    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """`from_xy`, `to_xy` (M, 2) matches in pixels at a long side of 320, `inlier` (M,), `homography` (3, 3)."""
        score = subject if isinstance(subject, SiftVerified) else SiftVerified()
        first, second = score.prepare(a), score.prepare(b)
        from_xy, to_xy, inlier, homography = matched(score, first, second)
        numbers: dict[str, float] = {"keypoints, first": len(first), "keypoints, second": len(second)}
        numbers |= {"matches": len(from_xy), "inliers": int(inlier.sum())}
        says = f"{inlier.sum()} of {len(from_xy)} matches agree. "
        if homography is None:
            says += f"Fewer than {CHANCE} agree by chance, so nothing is shown to be the same."
        else:
            mapping = movement(homography, _middle(a), _middle(b))
            says += in_words(mapping)
            numbers |= {"turned by (degrees)": mapping.turn, "scale": mapping.scale, "stretch": mapping.stretch}
        picture = Picture(
            "Matches",
            _lines(a, b, from_xy, to_xy, inlier, homography),
            "Green: agrees with one movement of the whole picture. Grey: does not. Of many, some have lines. "
            "The frame is where the first image lies in the second.",
        )
        arrays = {"from_xy": from_xy, "to_xy": to_xy, "inlier": inlier}
        arrays |= {} if homography is None else {"homography": homography}
        return Evidence(self.id, says, (picture,), None, numbers, arrays)


def matched(score: SiftVerified, a: Array, b: Array) -> tuple[Array, Array, Array, Array | None]:
    """(M, 2) and (M, 2) matched points, (M,) whether they agree, and the (3, 3) mapping; as many as `score` counts."""
    first, second = in_order(a, b)
    rows_first, rows_second = mutual_matches(first[:, 2:], second[:, 2:], score.ratio)
    from_xy, to_xy = first[rows_first, :2], second[rows_second, :2]
    found = agreement(from_xy, to_xy, score.tolerance)
    inlier = _inliers(from_xy, to_xy, found.from_xy, found.to_xy)
    if first is a:
        return from_xy, to_xy, inlier, found.homography
    return to_xy, from_xy, inlier, None if found.homography is None else np.linalg.inv(found.homography)


def movement(homography: Array, middle: tuple[float, float], other: tuple[float, float]) -> Mapping:
    """Turn, scale, stretch and shift of a (3, 3) homography at the middle of the first image, from its derivative."""
    x, y, depth = homography @ np.array([*middle, 1.0])
    at = np.array([x, y]) / depth
    slope = (homography[:2, :2] - np.outer(at, homography[2, :2])) / depth
    sizes = np.linalg.svd(slope, compute_uv=False)
    turn = np.degrees(np.arctan2(slope[1, 0] - slope[0, 1], slope[0, 0] + slope[1, 1]))
    shift = 100 * (at - np.array(other)) / KEYPOINT_SIDE
    scale = float(np.sqrt(sizes[0] * sizes[1]))
    return Mapping(float(turn), scale, float(sizes[0] / max(sizes[1], 1e-12)), float(shift[0]), float(shift[1]))


def in_words(found: Mapping) -> str:
    """The movement in one sentence; what is too small to mean anything is left out."""
    parts = []
    if abs(found.turn) >= 1:
        parts.append(f"turned {abs(found.turn):.0f}° {'clockwise' if found.turn > 0 else 'anticlockwise'}")
    if abs(found.scale - 1) >= 0.02:
        parts.append(f"{found.scale:.2f} times as large")
    if found.stretch >= 1.1:
        parts.append(f"stretched {found.stretch:.2f} to 1")
    if max(abs(found.right), abs(found.down)) >= 2:
        parts.append(f"moved {_way(found)}")
    if not parts:
        return "In the second image they lie where they lie in the first."
    return f"In the second image they are {', '.join(parts)}."


def _way(found: Mapping) -> str:
    across = f"{abs(found.right):.0f} % {'right' if found.right > 0 else 'left'}"
    along = f"{abs(found.down):.0f} % {'down' if found.down > 0 else 'up'}"
    return " and ".join(text for text, size in ((across, found.right), (along, found.down)) if abs(size) >= 2)


def _inliers(from_xy: Array, to_xy: Array, kept_from: Array, kept_to: Array) -> Array:
    kept = {row.tobytes() for row in np.hstack([kept_from, kept_to])}
    return np.array([row.tobytes() in kept for row in np.hstack([from_xy, to_xy])], dtype=bool)


def _middle(image: Image) -> tuple[float, float]:
    scale = KEYPOINT_SIDE / max(image.shape[:2])
    return image.shape[1] * scale / 2, image.shape[0] * scale / 2


def _lines(a: Image, b: Image, from_xy: Array, to_xy: Array, inlier: Array, homography: Array | None) -> Image:
    cv2 = opencv()
    canvas, start = _drawing.beside(_drawing.readable(a, WIDE), _drawing.readable(b, WIDE))
    scale = WIDE / KEYPOINT_SIDE
    for chosen, color in ((~inlier, STRAY), (inlier, AGREES)):
        step = -(-int(chosen.sum()) // LINES) or 1
        for n, (here, there) in enumerate(zip(from_xy[chosen] * scale, to_xy[chosen] * scale, strict=True)):
            ends = _whole(here), _whole(there + np.array([start, 0]))
            if n % step == 0:
                cv2.line(canvas, *ends, color, 1, cv2.LINE_AA)
            for end in ends:
                cv2.circle(canvas, end, 3, color, 1, cv2.LINE_AA)
    if homography is not None:
        right = np.ascontiguousarray(canvas[:, start:])  # drawn apart: over the first image it would mean nothing
        frame = np.rint(_frame(a, homography) * scale).astype(np.int32)
        cv2.polylines(right, [frame], True, (255, 140, 20), 2, cv2.LINE_AA)
        canvas[:, start:] = right
    return canvas


def _frame(image: Image, homography: Array) -> Array:
    """(4, 2) corners of the first image in the second."""
    across, down = (2 * value for value in _middle(image))
    corners = np.array([[0, 0, 1], [across, 0, 1], [across, down, 1], [0, down, 1]], float) @ homography.T
    return np.asarray((corners[:, :2] / corners[:, 2:]).clip(-1e4, 1e4))


def _whole(point: Array) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
