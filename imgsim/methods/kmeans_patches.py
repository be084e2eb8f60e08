"""K-means patches: features learnt from small patches of the collection itself, without labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import METHODS, Array, Method
from imgsim.methods._grid import cells
from imgsim.methods._kmeans import kmeans
from imgsim.parameters import fitted, param
from imgsim.principal import principal_axes
from imgsim.raster import squash
from imgsim.types import Float, Image, Metric

SIDE = 32  # pixels that an image is squashed to
SAMPLE = 12_000  # patches that features are learnt from
CONTRAST = 10.0  # grey levels squared added to the variance of a patch, so that flat ones stay flat
WHITENING = 0.1  # added to the variance of each direction


@METHODS.register
@dataclass(frozen=True)
class KmeansPatches(Method):
    """Whitened colour patches, how near each is to each centre (triangle), summed over the four quarters."""

    id = "kmeans_patches"
    title = "K-means patches"
    family = "learnt locally"
    sees = "The same edges, colours and textures, of the kinds that occur in this collection, in the same quarter."
    blind_to = "Details smaller than a 32nd of the image, and what its parts mean."
    formula = (
        "f(k) = max(0, mean distance to the centres − distance to centre k) of whitened patches, summed over quarters"
    )
    reference = "Coates, Ng, Lee: An analysis of single-layer networks in unsupervised feature learning, AISTATS 2011"
    licence = "none needed"

    centers: int = param(128, "Number of learnt features; the vector has four times as many.", minimum=8, maximum=512)
    patch: int = param(6, "Side of a patch in pixels, of an image of 32.", minimum=3, maximum=10)
    seed: int = param(0, "Start of the random numbers of the features.", minimum=0, maximum=10_000)
    mean: Array | None = fitted()
    whitening: Array | None = fitted()
    features: Array | None = fitted()

    @property
    def metric(self) -> Metric:
        """Cosine, 0 to 1 as no value is negative."""
        return "cosine"

    @property
    def dim(self) -> int:
        """Four quarters of all features."""
        return 4 * self.centers

    @property
    def min_side(self) -> int:
        """Short side in pixels."""
        return SIDE

    def prepare(self, image: Image) -> Array:
        """(32, 32, 3) uint8."""
        return squash(image, SIDE, SIDE)

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns whitening and features from random patches of sample images."""
        patches = normalised(self._sample(prepared))
        mean, axes, variances = principal_axes(patches, patches.shape[1])
        whitening = axes.T @ (axes / np.sqrt(variances + WHITENING)[:, None])
        features = kmeans((patches - mean) @ whitening, self.centers, self.seed)
        return dataclasses.replace(self, mean=mean, whitening=whitening, features=features)

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, 4 * centers)."""
        rows = [self._pooled(image) for image in prepared]
        return np.asarray(rows, dtype=np.float32).reshape(len(prepared), self.dim)

    def _sample(self, prepared: Sequence[Array]) -> Array:
        rng = np.random.default_rng(self.seed)
        places = rng.integers(0, [len(prepared), *[SIDE - self.patch + 1] * 2], size=(SAMPLE, 3))
        p = self.patch
        return np.stack([prepared[i][y : y + p, x : x + p].reshape(-1) for i, y, x in places])

    def _pooled(self, image: Array) -> Array:
        patches = normalised(all_patches(image, self.patch))
        whitened = (patches - self.learnt("mean")) @ self.learnt("whitening")
        side = SIDE - self.patch + 1
        answers = triangle(whitened, self.learnt("features")).reshape(side, side, self.centers)
        return np.concatenate([quarter.sum(axis=(0, 1)) for quarter in cells(answers, 2)]) / len(patches)


def all_patches(image: Array, side: int) -> Array:
    """(n, side * side * 3) every patch of an (H, W, 3) image, row by row."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))  # (h, w, 3, side, side)
    return np.asarray(windows.transpose(0, 1, 3, 4, 2).reshape(-1, side * side * 3))


def normalised(patches: Array) -> Array:
    """(n, D) float32 patches with their own mean taken out and contrast evened out."""
    values = patches.astype(np.float32)
    centred = values - values.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt(centred.var(axis=1, keepdims=True) + CONTRAST))


def triangle(points: Array, centers: Array) -> Array:
    """(n, K) how much nearer each centre is than the average one; 0 for those that are farther."""
    squared = (points**2).sum(axis=1, keepdims=True) - 2 * points @ centers.T + (centers**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squared, 0))
    return np.asarray(np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0))
