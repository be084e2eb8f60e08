"""What is kept of each picture to find its copies: the hash and keypoints, also as its mirror image would have them.

All of it comes from one pass over the pictures, each decoded once: the scan itself, where `open_sketched` opens them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imgsim.errors import ImgsimError, InputError
from imgsim.methods.pdq import Pdq
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.raster import Grey, grey, keypoint_canvas, opencv, scale_to, squash
from imgsim.store import read_arrays
from imgsim.types import Collection, Image, Ints, key_of

VERSION = 2
KEYPOINTS = 200
SIDE = 160  # pixels of the long side; 192 with 300 keypoints finds a few more copies in a third more time
MOST_PICTURES = 50_000  # with keypoints, 17 kB each; the rest have the hash alone
SMALL = 48  # pixels a side of the grey picture that shows whether the rest agrees too
EDGE = 10  # pixels at the rim without keypoints
CONTRAST = 7  # grey levels round a corner
SHARP_SIDE = 512  # pixels; sharpness is compared at one size
MOST_HELD = 10_000  # pictures seen by a scan that stay in memory, 17 kB each; the rest are read again
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
        sharpness: (U,) 0 without edges, no unit.
        counts: (M, 2) keypoints.
        xy: (M, 2, 200, 2) float16.
        descriptors: (M, 2, 200, 32) uint8.
        small: (M, 48, 48) uint8 grey of the picture, squashed.
        sizes: (M, 2) width and height in pixels that the keypoints are in.
    """

    hashes: Array
    sharpness: Array
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


class Sketcher:
    """Looks on while a collection is scanned, so that its pictures need not be decoded again."""

    min_side = Pdq().min_side

    def __init__(self) -> None:
        self.found: dict[str, list[Array]] = {}

    def see(self, sha256: str, image: Image, seconds: float) -> None:  # noqa: ARG002
        """Sketch the picture of that content hash."""
        if sha256 not in self.found and len(self.found) < MOST_HELD:
            self.found[sha256] = _both(image)


def open_sketched(pipeline: Pipeline, source: str, progress: Progress = silent, candidates: int = 5) -> Collection:
    """The collection of a SOURCE; pictures that must be read for it are sketched in the same pass, if for candidates.

    Raises:
        InputError: there is no such source.
    """
    if not candidates:
        return pipeline.open(source, progress)
    sketcher = Sketcher()
    collection = pipeline.load_collection(pipeline.scan(source, progress, sketcher))
    if sketcher.found:
        sketches(pipeline, collection, np.unique(first_rows(collection.hashes)), progress, sketcher.found)
    return collection


def first_rows(hashes: tuple[str, ...]) -> Ints:
    """(N,) the first row with the same contents."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(one, row) for row, one in enumerate(hashes)], np.int32)


def sketches(
    pipeline: Pipeline,
    collection: Collection,
    rows: Ints,
    progress: Progress,
    seen: Mapping[str, list[Array]] = MappingProxyType({}),
) -> Sketches:
    """The sketches of (U,) rows, from the store or computed in one pass and kept there.

    Those in `seen`, by content hash, are taken from there.

    Raises:
        InputError: the collection has changed.
    """
    key = key_of(
        "sketches",
        collection=collection.fingerprint,
        rows=rows.tolist(),
        hash=Pdq().key,
        points=[KEYPOINTS, SIDE, SMALL, EDGE, CONTRAST, SHARP_SIDE, MOST_PICTURES],
        version=VERSION,
    )

    def build(directory: Path) -> None:
        _compute(pipeline, collection, rows.tolist(), directory, progress, seen)

    arrays = read_arrays(pipeline.store.compute("sketches", key, build, progress))[1]
    return Sketches(**{name: arrays[name] for name in Sketches._fields})


def _compute(
    pipeline: Pipeline,
    collection: Collection,
    rows: list[int],
    directory: Path,
    progress: Progress,
    seen: Mapping[str, list[Array]],
) -> None:
    n, n_points = len(rows), min(len(rows), MOST_PICTURES)
    shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
        "hashes": (np.uint8, (n, Pdq().dim)),
        "sharpness": (np.float32, (n,)),
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
    known = [place for place, row in enumerate(rows) if collection.hashes[row] in seen]
    for place in known:
        _keep(out, place, seen[collection.hashes[rows[place]]])
    left = sorted(set(range(n)) - set(known))
    done = len(known)
    progress(PASS, done, n)
    for prepare in (_both, _hashed):
        part = [place for place in left if (place < n_points) == (prepare is _both)]
        stream = pipeline.prepared(collection, [rows[place] for place in part], prepare, Pdq().min_side)
        for place, (_, found) in zip(part, stream, strict=True):
            if isinstance(found, ImgsimError):
                raise InputError(f"{found}; the collection has changed since it was opened, open it again.")
            _keep(out, place, found)
            done += 1
            progress(PASS, done, n)
    for array in out.values():
        array.flush()


def _keep(out: dict[str, Any], place: int, found: list[Array]) -> None:
    out["hashes"][place], out["sharpness"][place] = found[:2]
    if len(found) == 2 or place >= len(out["sizes"]):
        return
    out["sizes"][place], out["small"][place] = found[2:4]
    for side, (xy, descriptors) in enumerate(zip(found[4::2], found[5::2], strict=True)):
        out["counts"][place, side] = len(xy)
        out["xy"][place, side, : len(xy)] = xy
        out["descriptors"][place, side, : len(xy)] = descriptors


def _hashed(image: Image) -> list[Array]:
    return [Pdq().vector(image), np.array(sharpness(image), np.float32)]


def _both(image: Image) -> list[Array]:
    """Hash, sharpness, size, small picture, then points and descriptors of the picture and of its mirror image."""
    canvas = keypoint_canvas(image, SIDE)
    size = np.array(canvas.shape[::-1])
    parts = [array for points in keypoints(canvas) for array in points]
    return [*_hashed(image), size, squash(canvas, SMALL, SMALL), *parts]


def sharpness(image: Image) -> float:
    """Variance of the Laplacian at a long side of 512 pixels (Pech-Pacheco et al., ICPR 2000)."""
    cv2 = opencv()
    edges = cv2.Laplacian(scale_to(grey(image), SHARP_SIDE), cv2.CV_16S)  # of 8-bit greys exact, and faster than floats
    return float(cv2.meanStdDev(edges)[1][0, 0] ** 2)


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
