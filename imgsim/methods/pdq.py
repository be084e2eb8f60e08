"""PDQ-style hash: 256 signs of slow waves, with a quality, and the hashes of mirrored and turned copies for free."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._per_image import PerImage
from imgsim.methods._square_hash import NOISE
from imgsim.raster import grey, opencv, shrink_to, squash
from imgsim.types import Float, Image, Metric

SIDE = 16  # bits per side
SMALL = 64  # pixels per side that the waves run over
LONG_SIDE = 512  # pixels


@cache
def _waves() -> Array:
    """(16, 64) cosines of 1 to 16 half periods; the constant one is left out."""
    steps = np.outer(np.arange(1, SIDE + 1), 2 * np.arange(SMALL) + 1)
    return np.asarray(np.sqrt(2 / SMALL) * np.cos(np.pi / (2 * SMALL) * steps))


def luminance(image: Image) -> Array:
    """(64, 64) smoothed luma, 0 to 255: two box filters each way, then every n-th pixel."""
    shrunk = shrink_to(image, LONG_SIDE)
    if min(shrunk.shape[:2]) < SMALL:
        return squash(grey(shrunk), SMALL, SMALL).astype(np.float64)
    smooth = fine = luma(shrunk)
    for _ in range(2):
        smooth = _box_means(smooth)
    rows, columns = (((np.arange(SMALL) + 0.5) * length / SMALL).astype(int) for length in fine.shape)
    return np.asarray(smooth[np.ix_(rows, columns)], dtype=np.float64)


def luma(image: Image) -> Float:
    """(H, W) weighted sum of the colours, 0 to 255, not rounded."""
    return np.asarray(image @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def _box_means(image: Float) -> Float:
    """Means over boxes of a 128th of each side; at the edge of what lies inside, and even boxes lean right and down."""
    return np.asarray(_box_sums(image) / _box_areas(*image.shape))


@lru_cache(8)
def _box_areas(height: int, width: int) -> Float:
    return _box_sums(np.ones((height, width), np.float32))


def _box_sums(image: Float) -> Float:
    cv2 = opencv()
    sides = [-(-length // (2 * SMALL)) for length in image.shape]
    anchor = ((sides[1] - 1) // 2, (sides[0] - 1) // 2)
    size = (sides[1], sides[0])
    sums = cv2.boxFilter(image, cv2.CV_32F, size, anchor=anchor, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums)


def quality(image: Image) -> float:
    """How much there is to hash, 0 (blank) to 100; below about 50 a match means little."""
    small = luminance(image) * 100 / 255
    steps = [np.abs(np.diff(small, axis=axis)).astype(int).sum() for axis in (0, 1)]
    return float(min(100, sum(steps) // 90))


def dihedral_variants(bits: Array) -> Array:
    """(8, …, 256) hashes of the eight turns and mirrors of images, of their (…, 256) hashes alone; these come first.

    A mirror changes the sign of every wave of odd frequency, a transposition swaps the axes. Bits near the median may
    differ from the turned image's own hash.
    """
    square = np.asarray(bits).reshape(*np.shape(bits)[:-1], SIDE, SIDE)
    odd = (np.arange(1, SIDE + 1) % 2).astype(square.dtype)
    across, down = np.abs(square - odd[None, :]), np.abs(square - odd[:, None])
    both = np.abs(across - odd[:, None])
    four = [square, across, down, both]
    return np.stack([each.reshape(np.shape(bits)) for each in (*four, *(one.swapaxes(-1, -2) for one in four))])


@METHODS.register
@dataclass(frozen=True)
class Pdq(PerImage):
    """256 bits, 0 and 1 as float32: is each of 16 x 16 slow waves above their median?"""

    id = "pdq"
    version = 2
    title = "PDQ-style hash"
    family = "hashes"
    sees = "The same picture: copies scaled, recompressed, captioned; stricter than 64 bits (a match is up to 31)."
    blind_to = "What is shown; a copy that is cropped or turned by an odd angle is lost."
    formula = (
        "bit(u, v) = 1 where C(u, v) > median(C), C 16 x 16 slow "
        "cosine waves of the blurred picture; distance: bits that differ"
    )
    reference = "Facebook: The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm, 2019"
    licence = "none needed (own code after the published description)"

    @property
    def metric(self) -> Metric:
        """Number of differing bits, 0 to 256."""
        return "hamming"

    @property
    def dim(self) -> int:
        """256 bits."""
        return SIDE * SIDE

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return 256

    def vector(self, image: Image) -> Array:
        """(256,) bits, slow waves first."""
        strengths = (_waves() @ luminance(image) @ _waves().T).reshape(-1)
        return np.asarray(strengths > np.median(strengths) + NOISE)
