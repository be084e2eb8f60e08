"""Classical methods against scikit-image and ImageHash on a 640 x 480 photo: processor time of all threads together."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import imagehash
import numpy as np
import skimage.color
import skimage.data
import skimage.feature
import skimage.metrics
import skimage.transform
from PIL import Image

from benchmarks._rows import Row
from imgsim.methods import METHODS
from imgsim.methods._sift import sift_descriptors
from imgsim.raster import keypoint_canvas

TIMES, ROUNDS = 5, 3  # a measurement is so many pictures, the mean of one is shown; medians over the rounds


def stage() -> Iterator[Row]:
    """From the same decoded pixels to the vector; the peer does what its own documentation shows."""
    picture = Image.fromarray(skimage.data.astronaut()).resize((640, 480))
    image = np.asarray(picture)
    for name, ours, peer, versus in _pairs(image, picture):
        rounds = [(_milliseconds(ours), _milliseconds(peer)) for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(times) for times in zip(*rounds, strict=True))
        yield Row(name, mine, theirs, versus, "ms", statistics.median(b / a for a, b in rounds))


def _pairs(image: Any, picture: Image.Image) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any], str]]:
    def ours(method: str) -> Callable[[], Any]:
        made = METHODS.parse(method)
        return lambda: made.embed([image])

    yield "HOG, 128 px, cells of 16", ours("hog"), lambda: _hog(image), "scikit-image"
    yield "LBP, 8 neighbours, radius 1", ours("lbp"), lambda: _lbp(image), "scikit-image"
    yield "SIFT, 200 keypoints", lambda: sift_descriptors(image, 200), lambda: _sift(image), "scikit-image"
    for name, peer in (
        ("phash", imagehash.phash), ("dhash", imagehash.dhash), ("ahash", imagehash.average_hash),
        ("whash", imagehash.whash),
    ):  # fmt: skip
        yield name, ours(name), lambda peer=peer: peer(picture), "ImageHash"


def _milliseconds(run: Callable[[], Any]) -> float:
    run()  # tables are made once
    start = time.process_time()
    for _ in range(TIMES):
        run()
    return 1000 * (time.process_time() - start) / TIMES


def _hog(image: Any) -> Any:
    small = skimage.transform.resize(skimage.color.rgb2gray(image), (128, 128), anti_aliasing=True)
    return skimage.feature.hog(small, 9, (16, 16), (2, 2))


def _lbp(image: Any) -> Any:
    grey = skimage.color.rgb2gray(image)
    small = skimage.transform.resize(grey, (192, 256), anti_aliasing=True)
    labels = skimage.feature.local_binary_pattern((255 * small).astype(np.uint8), 8, 1, "nri_uniform").astype(int)
    cells = [cell for rows in np.array_split(labels, 3) for cell in np.array_split(rows, 3, axis=1)]
    return [np.bincount(cell.ravel(), minlength=59) for cell in cells]


def _sift(image: Any) -> Any:
    found = skimage.feature.SIFT()
    found.detect_and_extract(keypoint_canvas(image))  # the same pixels that ours is given
    return found.descriptors
