"""PCA-whitening: loud directions become quieter."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from imgsim.parameters import fitted, param
from imgsim.postprocess import POSTPROCESS, Array, VectorStep
from imgsim.postprocess._views import flat, flat_metric
from imgsim.principal import principal_axes
from imgsim.types import Float, Metric

MOST = 10_000  # vectors the axes are learnt from


@POSTPROCESS.register
@dataclass(frozen=True)
class Whiten(VectorStep):
    """Turn onto the principal axes and divide each by a power of its standard deviation."""

    dims: int = param(128, "Principal axes that are kept, at most.", minimum=1, maximum=4096)
    power: float = param(
        0.5, "0 only turns and cuts, 1 makes all kept directions equally loud.", minimum=0.0, maximum=1.0
    )
    mean: Array | None = fitted()
    axes: Array | None = fitted()  # (D', D), each divided by its power

    id = "whiten"
    title = "PCA-whitening"
    changes = "Keeps the strongest directions of the collection and makes the loud ones quieter."
    reference = "Jégou & Chum: Negative evidences and co-occurences in image retrieval, ECCV 2012"

    def metric(self, before: Metric) -> Metric:
        """Cosine of angles, Euclidean of the rest."""
        return flat_metric(before)

    def dim(self, before: int) -> int:
        """At most `dims`."""
        return min(self.dims, before)

    def fit(self, vectors: Float, metric: Metric) -> Whiten:
        """Learn mean and axes from at most 10,000 vectors, drawn with a seed."""
        rows = np.arange(len(vectors))
        if len(vectors) > MOST:
            rows = np.sort(np.random.default_rng(0).permutation(len(vectors))[:MOST])
        mean, axes, variances = principal_axes(flat(vectors[rows], metric), self.dim(vectors.shape[1]))
        loudness = np.where(variances > 0, variances, 1) ** (self.power / 2)
        return dataclasses.replace(self, mean=mean, axes=(axes / loudness[:, None]).astype(np.float32))

    def collection(self, vectors: Float, metric: Metric) -> Float:
        """(N, D'); zero beyond the directions in which the collection differs at all."""
        return self.query(vectors, metric)

    def query(self, vectors: Float, metric: Metric) -> Float:
        """(N, D')."""
        assert self.mean is not None
        assert self.axes is not None
        # einsum sums every row in one order, whatever the batch; a matrix product does not
        turned: Float = np.einsum("nd,ed->ne", flat(vectors, metric) - self.mean, self.axes, dtype=np.float32)
        return turned
