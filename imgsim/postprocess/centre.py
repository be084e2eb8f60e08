"""Centring: the mean of the collection becomes the origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.parameters import fitted
from imgsim.postprocess import POSTPROCESS, Array, VectorStep
from imgsim.postprocess._views import flat, flat_metric
from imgsim.types import Float, Metric


@POSTPROCESS.register
@dataclass(frozen=True)
class Centre(VectorStep):
    """Subtract the mean vector, so that cosine tells apart what all images share and what is each one's own."""

    mean: Array | None = fitted()

    id = "centre"
    title = "Centring"
    changes = "Takes away what all images of the collection have in common, so that cosines use their whole range."
    reference = "Jégou & Chum: Negative evidences and co-occurences in image retrieval, ECCV 2012"

    def metric(self, before: Metric) -> Metric:
        """Cosine of angles, Euclidean of the rest."""
        return flat_metric(before)

    def fit(self, vectors: Float, metric: Metric) -> Centre:
        """Learn the mean."""
        return Centre(mean=flat(vectors, metric).mean(axis=0, dtype=np.float64).astype(np.float32))

    def collection(self, vectors: Float, metric: Metric) -> Float:
        """(N, D)."""
        return self.query(vectors, metric)

    def query(self, vectors: Float, metric: Metric) -> Float:
        """(N, D)."""
        assert self.mean is not None
        return np.asarray(flat(vectors, metric) - self.mean, np.float32)
