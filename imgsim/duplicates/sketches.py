"""What is kept of each picture to find its copies: the hash and keypoints, also as its mirror image would have them.

Both come from one pass over the pictures, each decoded once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imgsim.errors import ImgsimError, InputError
from imgsim.methods.pdq import Pdq
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.raster import Grey, keypoint_canvas, opencv, squash
from imgsim.store import read_arrays
from imgsim.types import Collection, Image, Ints, key_of

VERSION = 1
KEYPOINTS = 200
SIDE = 160  # pixels of the long side; 192 with 300 keypoints finds a few more copies in a third more time
MOST_PICTURES = 50_000  # with keypoints, 17 kB each; the rest have the hash alone
SMALL = 48  # pixels a side of the grey picture that shows whether the rest agrees too
EDGE = 10  # pixels at the rim without keypoints
CONTRAST = 7  # grey levels round a corner
PASS = "Looking at pictures"

Array = npt.NDArray[Any]


class Points(NamedTuple):
    """n keypoints: (n, 2) x and y in pixels at a long side of 160, and (n, 32) bytes of 256 bits."""

    xy: Array
    descriptors: Array


class View(NamedTuple):
    """One picture or its mirror image: keypoints, and (48, 48) grey of all of it, whose pixel is `scale` of theirs."""

    points: Points
    small: Array
    scale: tuple[float, float]


class Sketches(NamedTuple):
    """U pictures, of which the first M have keypoints; of two sides, 0 is the picture and 1 its mirror image.

    Attributes:
        hashes: (U, 256) zeros and ones.
        counts: (M, 2) keypoints.
        xy: (M, 2, 200, 2) float16.
        descriptors: (M, 2, 200, 32) uint8.
        small: (M, 48, 48) uint8 grey of the picture, squashed.
        sizes: (M, 2) width and height in pixels that the keypoints are in.
    """

    hashes: Array
    counts: Array
    xy: Array
    descriptors: Array
    small: Array
    sizes: Array

    def points(self, place: int, side: int = 0) -> Points:
        """The keypoints of one picture, or of its mirror image."""
        n = int(self.counts[place, side])
        return Points(self.xy[place, side, :n].astype(np.float32), np.asarray(self.descriptors[place, side, :n]))

    def view(self, place: int, side: int = 0) -> View:
        """The same with the picture in small."""
        small = np.asarray(self.small[place])
        width, height = self.sizes[place].tolist()
        return View(self.points(place, side), small[:, ::-1] if side else small, (width / SMALL, height / SMALL))


def sketches(pipeline: Pipeline, collection: Collection, rows: Ints, progress: Progress) -> Sketches:
    """The sketches of (U,) rows, from the store or computed in one pass and kept there.

    Raises:
        InputError: the collection has changed.
    """
    key = key_of(
        "sketches",
        collection=collection.fingerprint,
        rows=rows.tolist(),
        hash=Pdq().key,
        points=[KEYPOINTS, SIDE, SMALL, EDGE, CONTRAST, MOST_PICTURES],
        version=VERSION,
    )

    def build(directory: Path) -> None:
        _compute(pipeline, collection, rows.tolist(), directory, progress)

    arrays = read_arrays(pipeline.store.compute("sketches", key, build, progress))[1]
    return Sketches(**{name: arrays[name] for name in Sketches._fields})


def _compute(pipeline: Pipeline, collection: Collection, rows: list[int], directory: Path, progress: Progress) -> None:
    n, n_points = len(rows), min(len(rows), MOST_PICTURES)
    shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
        "hashes": (np.uint8, (n, Pdq().dim)),
        "counts": (np.int32, (n_points, 2)),
        "xy": (np.float16, (n_points, 2, KEYPOINTS, 2)),
        "descriptors": (np.uint8, (n_points, 2, KEYPOINTS, 32)),
        "small": (np.uint8, (n_points, SMALL, SMALL)),
        "sizes": (np.int32, (n_points, 2)),
    }
    out: dict[str, Any] = {
        name: np.lib.format.open_memmap(directory / f"{name}.npy", mode="w+", dtype=kind, shape=shape)
        for name, (kind, shape) in shapes.items()
    }
    (directory / "facts.json").write_text("{}")
    progress(PASS, 0, n)
    method = Pdq()
    for part, prepare in ((rows[:n_points], _both), (rows[n_points:], _hash_alone)):
        start = 0 if prepare is _both else n_points
        for done, (_, found) in enumerate(pipeline.prepared(collection, part, prepare, method.min_side)):
            if isinstance(found, ImgsimError):
                raise InputError(f"{found}; the collection has changed since it was opened, open it again.")
            _keep(out, start + done, found)
            progress(PASS, start + done + 1, n)
    for array in out.values():
        array.flush()


def _keep(out: dict[str, Any], place: int, found: list[Array]) -> None:
    out["hashes"][place] = found[0]
    if len(found) == 1:
        return
    out["sizes"][place], out["small"][place] = found[1:3]
    for side, (xy, descriptors) in enumerate(zip(found[3::2], found[4::2], strict=True)):
        out["counts"][place, side] = len(xy)
        out["xy"][place, side, : len(xy)] = xy
        out["descriptors"][place, side, : len(xy)] = descriptors


def _hash_alone(image: Image) -> list[Array]:
    return [Pdq().vector(image)]


def _both(image: Image) -> list[Array]:
    """The hash, the size and the small picture, then points and descriptors of the picture and of its mirror image."""
    canvas = keypoint_canvas(image, SIDE)
    size = np.array(canvas.shape[::-1])
    parts = [array for points in keypoints(canvas) for array in points]
    return [Pdq().vector(image), size, squash(canvas, SMALL, SMALL), *parts]


def keypoints(canvas: Grey) -> tuple[Points, Points]:
    """ORB keypoints of a grey picture, and the same ones as its mirror image has them.

    Reference: Rublee et al.: ORB, ICCV 2011, doi:10.1109/ICCV.2011.6126544
    """
    cv2 = opencv()
    detector = cv2.ORB_create(nfeatures=KEYPOINTS, edgeThreshold=EDGE, fastThreshold=CONTRAST)
    found, descriptors = detector.detectAndCompute(canvas, None)
    if descriptors is None:
        return _none(), _none()
    plain = _points(found, descriptors)
    for point in found:  # found once: a mirror moves a point and turns its direction
        point.pt = (canvas.shape[1] - 1 - point.pt[0], point.pt[1])
        point.angle = (540 - point.angle) % 360
    turned, others = detector.compute(np.ascontiguousarray(canvas[:, ::-1]), found)
    return plain, _none() if others is None else _points(turned, others)


def _points(found: Any, descriptors: Array) -> Points:
    return Points(_xy(found), descriptors[:KEYPOINTS])


def _xy(found: Any) -> Array:
    return np.asarray(opencv().KeyPoint_convert(found), np.float32).reshape(-1, 2)[:KEYPOINTS]


def _none() -> Points:
    return Points(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
