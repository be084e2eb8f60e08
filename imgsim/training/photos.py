"""Photos decoded once into one flat memory-mapped file, and square crops of them.

Training looks at each photo dozens of times; decoding it dozens of times would cost more than the network does.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.progress import Progress, silent
from imgsim.types import Image

Boxes = npt.NDArray[np.float32]  # (N, 4): left, top, width, height as fractions of the photo


@dataclass(frozen=True, eq=False)
class Photos:
    """N photos of different shapes in one flat uint8 array.

    Attributes:
        pixels: (total,) uint8, the photos one after the other, row-major RGB; usually memory-mapped.
        shapes: (N, 2) height and width in pixels.
    """

    pixels: npt.NDArray[np.uint8]
    shapes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, row: int) -> Image:
        height, width = self.shapes[row]
        start = self._starts[row]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    @property
    def _starts(self) -> npt.NDArray[np.int64]:
        starts: npt.NDArray[np.int64] | None = self.__dict__.get("starts")
        if starts is None:
            starts = np.concatenate([[0], np.cumsum(self.shapes.prod(axis=1) * 3)])
            self.__dict__["starts"] = starts
        return starts

    def crops(self, rows: npt.NDArray[np.int64], boxes: Boxes, side: int) -> npt.NDArray[np.uint8]:
        """(B, side, side, 3) crops of B photos; a box whose sides differ in pixels is squashed to a square."""
        return np.stack([crop(self[row], box, side) for row, box in zip(rows, boxes, strict=True)])


def crop(image: Image, box: npt.NDArray[np.float32], side: int) -> Image:
    """(side, side, 3) crop of one image, antialiased."""
    import cv2

    height, width = image.shape[:2]
    left, right = _span(float(box[0]), float(box[2]), width)
    top, bottom = _span(float(box[1]), float(box[3]), height)
    part = image[top:bottom, left:right]
    shrinks = part.shape[0] > side
    return np.asarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def center_boxes(shapes: npt.NDArray[np.int64]) -> Boxes:
    """(N, 4) the largest centred square of each photo."""
    share = shapes.min(axis=1, keepdims=True) / shapes  # (N, 2) of height and width
    return np.stack([(1 - share[:, 1]) / 2, (1 - share[:, 0]) / 2, share[:, 1], share[:, 0]], axis=1).astype(np.float32)


def random_boxes(
    shapes: npt.NDArray[np.int64], rng: np.random.Generator, smallest: float, largest: float = 1.0
) -> Boxes:
    """(N, 4) random crops of `smallest` to `largest` of the largest square's area, sides 3:4 to 4:3."""
    n = len(shapes)
    area = rng.uniform(smallest, largest, n)
    ratio = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3), n))
    short = shapes.min(axis=1)
    width = np.minimum(np.sqrt(area * ratio) * short / shapes[:, 1], 1)
    height = np.minimum(np.sqrt(area / ratio) * short / shapes[:, 0], 1)
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return np.stack([left, top, width, height], axis=1).astype(np.float32)


def read_zip(path: Path) -> Iterable[Image]:
    """The images of a zip, by name."""
    from PIL import Image as Pillow

    with zipfile.ZipFile(path) as archive:
        for name in sorted(n for n in archive.namelist() if not n.endswith("/")):
            yield np.asarray(Pillow.open(io.BytesIO(archive.read(name))).convert("RGB"))


def store_photos(images: Iterable[Image], folder: Path, short_side: int, progress: Progress = silent) -> Photos:
    """Photos shrunk to a short side of at most `short_side` pixels, written to `folder` and mapped back.

    Raises:
        InputError: no images.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shapes = []
    with open(folder / "pixels.part", "wb") as file:
        for row, image in enumerate(images):
            small = _shrunk(image, short_side)
            file.write(np.ascontiguousarray(small).tobytes())
            shapes.append(small.shape[:2])
            progress("decode", row + 1, 0)
    if not shapes:
        raise InputError("training photos must be at least one image, got none; choose another source.")
    np.save(folder / "shapes.npy", np.array(shapes, dtype=np.int64))
    (folder / "pixels.part").replace(folder / "pixels.u8")
    return open_photos(folder)


def open_photos(folder: Path) -> Photos:
    """The photos that `store_photos` wrote."""
    shapes = np.load(folder / "shapes.npy")
    return Photos(np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r"), shapes)


def in_memory(images: Sequence[Image]) -> Photos:
    """Photos that are already decoded and few."""
    return Photos(np.concatenate([image.reshape(-1) for image in images]), np.array([i.shape[:2] for i in images]))


def _shrunk(image: Image, short_side: int) -> Image:
    import cv2

    short = min(image.shape[:2])
    if short <= short_side:
        return image
    height, width = (max(1, round(length * short_side / short)) for length in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _span(start: float, share: float, length: int) -> tuple[int, int]:
    first = min(round(start * length), length - 1)
    return first, max(first + 1, min(length, round((start + share) * length)))
