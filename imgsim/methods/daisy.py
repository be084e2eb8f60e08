"""DAISY: edge directions gathered on rings round a grid of points, coarser the further out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import grey, opencv, squash
from imgsim.types import Image, Metric

SIDE = 128  # pixels
PETALS = 8  # points per ring
FLOOR = 0.05  # summed gradient below which a point counts as flat and is not blown up


def orientation_maps(image: Array, orientations: int) -> Array:
    """(orientations, H, W) gradient strength of an image of 0 to 1, shared among directions by a von Mises window."""
    dx, dy = np.zeros_like(image), np.zeros_like(image)
    dx[:, :-1], dy[:-1] = np.diff(image, axis=1), np.diff(image, axis=0)
    strength, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    directions = 2 * np.pi * np.arange(orientations) / orientations - np.pi
    return np.stack([strength * np.exp(orientations / np.pi * np.cos(angle - d)) for d in directions])


def daisy_points(image: Array, points: Array, radius: int, rings: int, orientations: int) -> Array:
    """(n, (rings * 8 + 1) * orientations) descriptors at (n, 2) points (row, column) of an (H, W) image of 0 to 1."""
    maps = orientation_maps(image, orientations)
    widths = [radius * (ring + 1) / (2 * rings) for ring in range(rings)]
    smooth = [np.stack([_blurred(one, width) for one in maps]) for width in widths]
    parts = [smooth[0][:, points[:, 0], points[:, 1]]]
    for ring in range(rings):
        for petal in range(PETALS):
            at = points + _step(radius * (ring + 1) / rings, 2 * np.pi * petal / PETALS)
            parts.append(smooth[ring][:, at[:, 0], at[:, 1]])
    return np.asarray(np.concatenate(parts).T)


def _blurred(image: Array, sigma: float) -> Array:
    cv2 = opencv()
    side = 2 * int(4 * sigma + 0.5) + 1
    return np.asarray(cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REFLECT))


def _step(length: float, angle: float) -> Array:
    return np.array([round(length * np.sin(angle)), round(length * np.cos(angle))])


@METHODS.register
@dataclass(frozen=True)
class Daisy(PerImage):
    """DAISY descriptors of a grid of points side by side, each of L1 length 1 unless flat; grey, squashed.

    A blank image has no edges: its vector is zero, at distance 1 from all but blank ones.
    """

    id = "daisy"
    title = "DAISY"
    family = "gradients"
    sees = "The same outlines in about the same places, more softly than HOG."
    blind_to = "Colour, and the same shape turned, mirrored or moved far."
    formula = "at each point and ring: Gaussian blur of max(0, ∂x/∂θ) for each direction θ; cosine distance"
    reference = "Tola, Lepetit, Fua: DAISY, TPAMI 2010, doi:10.1109/TPAMI.2009.77"
    licence = "none needed"

    grid: int = param(4, "Points per side.", minimum=1, maximum=8)
    radius: int = param(15, "Radius of the outer ring in pixels, of 128; larger is softer.", minimum=6, maximum=30)
    rings: int = param(2, "Rings of eight points round each point.", minimum=1, maximum=3)
    orientations: int = param(8, "Edge directions told apart in a full turn.", minimum=4, maximum=12)

    @property
    def metric(self) -> Metric:
        """Cosine, 0 to 1 as no value is negative."""
        return "cosine"

    @property
    def dim(self) -> int:
        """Points times samples times directions."""
        return self.grid**2 * (self.rings * PETALS + 1) * self.orientations

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return SIDE

    def vector(self, image: Image) -> Array:
        """(D,) point by point, in row order."""
        small = squash(grey(image), SIDE, SIDE).astype(np.float32) / 255
        line = np.linspace(self.radius, SIDE - 1 - self.radius, self.grid + 2)[1:-1].round().astype(int)
        points = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
        found = daisy_points(small, points, self.radius, self.rings, self.orientations)
        return np.asarray((found / (FLOOR + found.sum(axis=1, keepdims=True))).reshape(-1))
