"""GIST: the energy of edges and stripes of each size and direction, on a coarse grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._per_image import PerImage
from imgsim.parameters import param
from imgsim.raster import grey, opencv, squash
from imgsim.types import Image, Metric

SIDE = 128  # pixels
OCTAVE = 0.56  # sigma times frequency of a Gabor filter one octave wide
FLOOR = 0.2  # contrast (of 1) below which local differences are not blown up


@cache
def gabor_bank(scales: int, orientations: int) -> Array:
    """(scales * orientations, 128, 128) frequency responses, from 1/4 cycle per pixel down by octaves."""
    v, u = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE), indexing="ij")
    return np.stack(
        [
            _gabor(u, v, 0.25 / 2**scale, np.pi * turn / orientations)
            for scale in range(scales)
            for turn in range(orientations)
        ]
    ).astype(np.float32)


def _gabor(u: Array, v: Array, frequency: float, theta: float) -> Array:
    """A Gaussian round the wave vector; the transform of a Gabor filter of the same width in all directions."""
    squared = (u - frequency * np.cos(theta)) ** 2 + (v - frequency * np.sin(theta)) ** 2
    return np.asarray(np.exp(-2 * (np.pi * OCTAVE / frequency) ** 2 * squared))


def gabor_energy(image: Array, scales: int, orientations: int) -> Array:
    """(scales * orientations, 128, 128) magnitudes of the filtered (128, 128) float32 image, edges wrapped round."""
    waves = np.fft.fft2(image)
    return np.abs(np.fft.ifft2(waves[None] * gabor_bank(scales, orientations)))


def even_contrast(image: Array) -> Array:
    """Local mean taken out and local contrast evened out; (H, W) of 0 to 1."""
    cv2 = opencv()
    detail = image - cv2.GaussianBlur(image, (0, 0), 8)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 8))
    return np.asarray(detail / (FLOOR + spread))


@METHODS.register
@dataclass(frozen=True)
class Gist(PerImage):
    """Mean magnitude of Gabor filters in each of 4 x 4 cells, grey, squashed; zero for a blank image."""

    id = "gist"
    title = "GIST"
    family = "gradients"
    sees = "The same kind of scene or layout: open or closed, rough or smooth, with lines that run the same way."
    blind_to = "Colour, single small objects, and exactly where lines are."
    formula = (
        "v = mean of |x * g| in each of 4 x 4 cells, for "
        "each Gabor filter g of a size and direction; Euclidean distance"
    )
    reference = "Oliva, Torralba: Modeling the shape of the scene, IJCV 2001, doi:10.1023/A:1011139631724"
    licence = "none needed"

    scales: int = param(4, "Sizes of stripes, each twice the last.", minimum=1, maximum=5)
    orientations: int = param(8, "Directions told apart between 0 and 180 degrees.", minimum=2, maximum=12)
    grid: int = param(4, "Cells per side; more makes the place count more.", choices=(1, 2, 4, 8))

    @property
    def metric(self) -> Metric:
        """Euclidean, as in the paper."""
        return "euclidean"

    @property
    def dim(self) -> int:
        """Filters times cells."""
        return self.scales * self.orientations * self.grid**2

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return SIDE

    def vector(self, image: Image) -> Array:
        """(D,) filter by filter, cells in row order."""
        small = squash(grey(image), SIDE, SIDE).astype(np.float32) / 255
        energy = gabor_energy(even_contrast(small), self.scales, self.orientations)
        block = SIDE // self.grid
        return np.asarray(energy.reshape(-1, self.grid, block, self.grid, block).mean(axis=(2, 4)).reshape(-1))
