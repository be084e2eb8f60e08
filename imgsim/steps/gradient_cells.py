"""HOG: grey, gradients, cells, blocks, vector."""

from __future__ import annotations

from typing import cast

import numpy as np

from imgsim.methods import Method
from imgsim.methods.hog import Hog
from imgsim.raster import grey, opencv, squash
from imgsim.steps import WALKS, Drawn, Step, Walk, as_rgb, enlarged, shade, vector_step
from imgsim.types import Float, Image

STAR = 24  # pixels of a drawn cell


@WALKS.register
class GradientCells(Walk):
    """The steps of Dalal and Triggs; cells and blocks are read off OpenCV's own descriptor."""

    id = "gradient_cells"
    methods = ("hog",)

    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """Grey, gradients, cells, blocks, vector."""
        hog, cv2 = cast(Hog, method), opencv()
        small = squash(grey(image), hog.size, hog.size)
        plane = small.astype(np.float32)
        across, down = (cv2.filter2D(plane, -1, kernel) for kernel in _KERNELS)
        strength, angle = np.hypot(across, down), np.degrees(np.arctan2(down, across)) % 180
        size, cell = (hog.size, hog.size), (hog.cell, hog.cell)
        block = (2 * hog.cell, 2 * hog.cell)
        vector = cv2.HOGDescriptor(size, block, cell, cell, hog.bins).compute(small).reshape(-1)
        n = hog.size // hog.cell
        blocks = vector.reshape(n - 1, n - 1, 2, 2, hog.bins).transpose(1, 0, 3, 2, 4)  # OpenCV goes column by column
        cells = _cells(blocks, n)
        return (
            Step("Picture", "The picture as it was decoded.", "", (Drawn("the picture", enlarged(image)),)),
            Step(
                "Grey",
                f"Colour is given up, and the whole picture squashed to {hog.size} x {hog.size} pixels.",
                "y = 0.299\\,r + 0.587\\,g + 0.114\\,b",
                (Drawn("grey", enlarged(as_rgb(small))),),
            ),
            Step(
                "Gradients",
                "How fast light changes across and down each pixel: its strength, and its direction without a sign.",
                r"m = \sqrt{g_x^2 + g_y^2}, \quad \theta = \operatorname{atan2}(g_y, g_x) \bmod 180^\circ",
                (
                    Drawn("strength", enlarged(shade(strength))),
                    Drawn("direction, as a hue", enlarged(_hues(strength, angle))),
                ),
            ),
            Step(
                "Cells",
                f"The picture is cut into {n} x {n} cells. In each, every pixel votes for its direction with its "
                f"strength: {hog.bins} numbers a cell.",
                r"h_c(k) = \sum_{p \in c} m_p \,[\, \theta_p \in \text{bin } k \,]",
                (Drawn("strokes along the edges, brighter where there is more", _stars(cells)),),
            ),
            Step(
                "Blocks",
                "Each 2 x 2 cells are normalised together, cut at 0.2, and normalised again: light and contrast are "
                "divided out where they are. Blocks overlap, so a cell counts in up to four.",
                r"v \leftarrow \frac{\min(v / \lVert v \rVert,\, 0.2)}{\lVert \cdot \rVert}",
                (Drawn(f"{(n - 1) ** 2} blocks of 4 x {hog.bins} numbers", enlarged(shade(_sheet(blocks)))),),
            ),
            vector_step(
                vector.astype(np.float32),
                "All blocks one after the other.",
                r"\cos(v, w) = \frac{v \cdot w}{\lVert v \rVert \lVert w \rVert}",
            ),
        )


_KERNELS = (np.array([[-1.0, 0.0, 1.0]], np.float32), np.array([[-1.0], [0.0], [1.0]], np.float32))


def _cells(blocks: Float, n: int) -> Float:
    """(n, n, bins): each cell as the mean of its normalised versions in the blocks that hold it."""
    total, count = np.zeros((n, n, blocks.shape[-1])), np.zeros((n, n, 1))
    for row in range(2):
        for column in range(2):
            total[row : row + n - 1, column : column + n - 1] += blocks[:, :, row, column]
            count[row : row + n - 1, column : column + n - 1] += 1
    return np.asarray(total / count, np.float32)


def _stars(cells: Float) -> Image:
    cv2 = opencv()
    n, bins = cells.shape[0], cells.shape[-1]
    picture = np.zeros((n * STAR, n * STAR), np.uint8)
    shades = np.sqrt(cells / max(float(np.quantile(cells, 0.99)), 1e-9)).clip(0, 1) * 255
    for row in range(n):
        for column in range(n):
            for k in np.argsort(shades[row, column]):
                along = (k + 0.5) / bins * np.pi + np.pi / 2  # an edge runs across its gradient
                x, y = np.cos(along) * STAR / 2.2, np.sin(along) * STAR / 2.2
                middle = ((column + 0.5) * STAR, (row + 0.5) * STAR)
                ends = [(round(middle[0] + s * x), round(middle[1] + s * y)) for s in (-1, 1)]
                cv2.line(picture, ends[0], ends[1], int(shades[row, column, k]), 1, cv2.LINE_AA)
    return enlarged(as_rgb(picture))


def _hues(strength: Float, angle: Float) -> Image:
    cv2 = opencv()
    value = 255 * np.sqrt(strength / max(float(strength.max()), 1e-9))
    hsv = np.stack([angle, np.full_like(angle, 200), value], axis=-1).astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def _sheet(blocks: Float) -> Float:
    """All blocks at their places, each as 2 x 2 cells whose directions stand in rows of three."""
    n, bins = blocks.shape[0], blocks.shape[-1]
    rows = -(-bins // 3)
    padded = np.pad(blocks, [(0, 0)] * 4 + [(0, 3 * rows - bins)]).reshape(n, n, 2, 2, rows, 3)
    return np.asarray(padded.transpose(0, 2, 4, 1, 3, 5).reshape(n * 2 * rows, n * 6), np.float32)
