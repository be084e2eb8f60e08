"""A pipeline of known contents: N points in three labelled groups, thumbnails whose colour tells their row."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from imgsim.errors import InputError
from imgsim.types import Collection, Projection, key_of

SIZES = (0, 1, 300, 10_000)
COLLECTIONS = {key_of("collection", n=n): n for n in SIZES}
MAPS = {key_of("map", n=n, view=view, d=d): (n, view, d) for n in SIZES for view in range(3) for d in (2, 3)}
LABELS = ("red", "green", "<img src=x onerror=alert(1)>")


def collection_key(n: int) -> str:
    return key_of("collection", n=n)


def map_key(n: int, view: int, d: int = 2) -> str:
    return key_of("map", n=n, view=view, d=d)


def labels(n: int) -> np.ndarray:
    return np.array(LABELS)[np.arange(n) % 3]


def picture_color(row: int) -> tuple[int, int, int]:
    return (row % 16 * 16, row // 16 % 16 * 16, 128)


class Thumbnails:
    def webp(self, row: int) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (32, 32), picture_color(row)).save(buffer, "WEBP", lossless=True)
        return buffer.getvalue()


class Fake:
    def load_projection(self, key: str) -> Projection:
        if key not in MAPS:
            raise InputError("a key must be of a stored result.")
        n, view, d = MAPS[key]
        middle = np.random.default_rng(view).normal(size=(3, d)) * 8
        spread = np.random.default_rng(view + 9).normal(size=(n, d))
        return Projection(key, np.ascontiguousarray(middle[np.arange(n) % 3] + spread, np.float32), "pca")

    def load_collection(self, key: str) -> Collection:
        n = COLLECTIONS[key]
        ids = tuple(f"folder/<b>{i}</b>.jpg" for i in range(n))
        fields = {"label": labels(n), "number": np.arange(n, dtype=np.float64)}
        return Collection("fake", "fake", ids, ids, ids, fields)

    def load_thumbnails(self, key: str) -> Thumbnails:
        return Thumbnails()

    def load_distortion(self, key: str) -> np.ndarray:
        return np.linspace(0, 1, MAPS[key][0], dtype=np.float32)

    def read_image(self, collection: Collection, row: int, min_side: int | None = None) -> np.ndarray:
        return np.full((64, 64, 3), picture_color(row), np.uint8)
