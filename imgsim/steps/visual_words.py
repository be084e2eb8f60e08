"""Bags of SIFT words: keypoints, descriptors, words, histogram."""

from __future__ import annotations

from typing import cast

import numpy as np

from imgsim.methods import Array, Method
from imgsim.methods._kmeans import nearest_center
from imgsim.methods._normalise import unit
from imgsim.methods._sift import root_sift
from imgsim.methods.sift_bovw import SiftBovw
from imgsim.raster import keypoint_canvas, opencv
from imgsim.steps import WALKS, Drawn, Step, Walk, as_rgb, chart_of, enlarged, shade, vector_step
from imgsim.types import Image

SHOWN = 8  # patches, and words that are marked


@WALKS.register
class VisualWords(Walk):
    """From points to counted words."""

    id = "visual_words"
    methods = ("sift_bovw",)

    def steps(self, method: Method, image: Image) -> tuple[Step, ...]:
        """Grey, keypoints, descriptors, words, histogram, vector."""
        bag, cv2 = cast(SiftBovw, method), opencv()
        canvas = keypoint_canvas(image)
        points, found = cv2.SIFT_create(nfeatures=bag.keypoints).detectAndCompute(canvas, None)
        points = list(points)[: bag.keypoints]
        descriptors = (np.zeros((0, 128), np.uint8) if found is None else found[: len(points)]).astype(np.uint8)
        words = nearest_center(root_sift(descriptors), bag.learnt("vocabulary"))
        counts = np.bincount(words, minlength=bag.words)
        vector = unit(counts * bag.learnt("rarity")).astype(np.float32)
        flags = cv2.DRAW_MATCHES_FLAGS_DRAW_RICH_KEYPOINTS
        strongest = sorted(points, key=lambda p: -p.response)[:80]
        drawn = cv2.drawKeypoints(as_rgb((canvas * 0.6).astype(np.uint8)), strongest, None, (255, 190, 60), flags)
        return (
            Step(
                "Grey",
                f"Colour is given up; the long side is {max(canvas.shape)} pixels.",
                "y = 0.299\\,r + 0.587\\,g + 0.114\\,b",
                (Drawn("grey", enlarged(as_rgb(canvas))),),
            ),
            Step(
                "Keypoints",
                f"{len(points)} corners and blobs that stand out at some scale, each with a size and the direction "
                "of its strongest gradient. The 80 strongest are drawn.",
                r"D(x, y, \sigma) = (G(k\sigma) - G(\sigma)) * y",
                (Drawn("keypoints with size and direction", enlarged(np.asarray(drawn))),),
            ),
            Step(
                "Descriptors",
                "Around each point, 4 x 4 cells of 8 directions in the point's own frame: 128 numbers. Square roots "
                "of their shares (RootSIFT) keep one strong edge from outweighing the rest.",
                r"d \leftarrow \sqrt{d / \lVert d \rVert_1}",
                (Drawn(f"all {len(points)}, a row each", enlarged(shade(_rows(descriptors)))),),
            ),
            Step(
                "Words",
                f"Each descriptor becomes the nearest of {bag.words} words, which were learnt from this collection. "
                f"The {SHOWN} most frequent words are drawn, a colour each.",
                r"w(d) = \arg\min_k \lVert d - c_k \rVert",
                (Drawn("points in the colour of their word", enlarged(_words(canvas, points, words, counts))),),
            ),
            Step(
                "Histogram",
                "How often each word occurs; where is forgotten. Words that occur in few pictures of the collection "
                "weigh more.",
                r"v_k = n_k \left( \log\tfrac{1 + N}{1 + N_k} + 1 \right)",
                (Drawn("counts of the words", enlarged(shade(_square(counts.astype(np.float32))))),),
                chart_of("The most frequent words", counts.astype(np.float32), "points"),
            ),
            vector_step(vector, "The weighted counts, scaled to length 1.", r"v \leftarrow v / \lVert v \rVert"),
        )


def _rows(descriptors: Array) -> Array:
    return descriptors.astype(np.float32) if len(descriptors) else np.zeros((1, 128), np.float32)


def _square(values: Array) -> Array:
    side = int(np.ceil(np.sqrt(len(values))))
    return np.pad(values, (0, side * side - len(values))).reshape(side, side)


def _words(canvas: Image, points: list[object], words: Array, counts: Array) -> Image:
    cv2 = opencv()
    picture = as_rgb((canvas * 0.5).astype(np.uint8))
    frequent = list(np.argsort(-counts, kind="stable")[:SHOWN])
    hues = np.array([[[int(180 * i / SHOWN), 220, 255] for i in range(SHOWN)]], np.uint8)
    colours = cv2.cvtColor(hues, cv2.COLOR_HSV2RGB)[0].tolist()
    for point, word in zip(points, words, strict=True):
        if word in frequent:
            x, y = point.pt  # type: ignore[attr-defined]
            cv2.circle(picture, (round(x), round(y)), 4, colours[frequent.index(word)], -1, cv2.LINE_AA)
    return picture
