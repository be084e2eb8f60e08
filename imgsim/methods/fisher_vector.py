"""Fisher vector: which way the local patterns of an image would pull a model of all local patterns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import METHODS, Array
from imgsim.methods._mixture import Mixture, fit_mixture, responsibilities
from imgsim.methods._normalise import unit
from imgsim.methods._sift import SiftMethod, root_sift
from imgsim.methods._vocabulary import keypoint_count, vocabulary_seed
from imgsim.parameters import fitted, param
from imgsim.principal import principal_axes
from imgsim.types import Float


@METHODS.register
@dataclass(frozen=True)
class FisherVector(SiftMethod):
    """Gradients by the means and variances of a mixture over PCA-reduced RootSIFT, signed roots, unit length."""

    id = "fisher_vector"
    title = "SIFT Fisher vector"
    sees = "The same object or kind of texture, also turned, scaled or moved; the finest of the bags."
    formula = (
        "v = Σ over keypoints of ∂ log p(d) / ∂(means, variances), p a Gaussian mixture; signed roots; cosine distance"
    )
    reference = "Perronnin, Sánchez, Mensink: Improving the Fisher kernel, ECCV 2010, doi:10.1007/978-3-642-15561-1_11"

    words: int = param(16, "Gaussians of the mixture.", minimum=2, maximum=64)
    dims: int = param(64, "Dimensions that descriptors are reduced to.", minimum=8, maximum=128)
    keypoints: int = keypoint_count()
    seed: int = vocabulary_seed("mixture")
    mean: Array | None = fitted()
    axes: Array | None = fitted()
    weights: Array | None = fitted()
    means: Array | None = fitted()
    variances: Array | None = fitted()

    @property
    def dim(self) -> int:
        """A mean and a variance for each dimension of each Gaussian."""
        return 2 * self.words * self.dims

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns the reduction and the mixture from sample images."""
        rows = self.sampled(prepared)
        mean, axes, _ = principal_axes(rows, self.dims)
        mixture = fit_mixture((rows - mean) @ axes.T, self.words, self.seed)
        return dataclasses.replace(self, mean=mean, axes=axes, **mixture._asdict())

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, 2 * words * dims)."""
        mixture = Mixture(self.learnt("weights"), self.learnt("means"), self.learnt("variances"))
        mean, axes = self.learnt("mean"), self.learnt("axes")
        rows = [_normalised(gradients((root_sift(one) - mean) @ axes.T, mixture)) for one in prepared]
        return np.asarray(rows, dtype=np.float32).reshape(len(prepared), self.dim)


def gradients(points: Array, mixture: Mixture) -> Array:
    """(2 * K * D,) mean gradient of the log likelihood of (n, D) points by K means, then by K variances."""
    weights, means, variances = mixture
    if not len(points):
        return np.zeros(2 * means.size)
    shares = responsibilities(points, mixture)
    total = shares.sum(axis=0)[:, None]
    first, second = shares.T @ points, shares.T @ (points**2)
    spread = np.sqrt(variances)
    by_mean = (first - total * means) / spread
    by_variance = (second - 2 * first * means + total * (means**2 - variances)) / (np.sqrt(2) * variances)
    # A Gaussian of no weight has no points either: its gradient is 0, not 0 / 0.
    scale = len(points) * np.sqrt(np.maximum(weights, 1e-12))[:, None]
    return np.concatenate([(by_mean / scale).reshape(-1), (by_variance / scale).reshape(-1)])


def _normalised(vector: Array) -> Array:
    return unit(np.sign(vector) * np.sqrt(np.abs(vector)))
