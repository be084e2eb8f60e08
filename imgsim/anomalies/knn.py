"""kNN: how far a picture's embedding is from the nearest normal ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, cast

from imgsim import neighbors
from imgsim.anomalies.detector import DETECTORS, Detector, Features, Fitted, Scored, as_float
from imgsim.neighbors import METRICS
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Float, Metric


@DETECTORS.register
@dataclass(frozen=True)
class Knn(Detector):
    """The mean distance to the k nearest normal embeddings."""

    k: int = param(3, "Nearest normal pictures whose distances are averaged.", minimum=1, maximum=50)
    metric: str = param("own", "Distance; own is the one that belongs to the method.", choices=("own", *METRICS))

    id: ClassVar[str] = "knn"
    title: ClassVar[str] = "Nearest normal pictures (kNN)"
    sees: ClassVar[str] = "Pictures that as a whole are like no normal one, by any method; it shows no place."
    unit: ClassVar[str] = "mean distance to the nearest normal pictures"
    needs: ClassVar[Literal["embeddings", "patches"]] = "embeddings"
    reference: ClassVar[str] = "Bergman, Cohen, Hoshen: Deep nearest neighbor anomaly detection, arXiv:2002.10445"

    def fit(self, normal: Features, metric: Metric, progress: Progress = silent) -> Fitted:  # noqa: ARG002
        """Keeps the (N, D) embeddings."""
        chosen = metric if self.metric == "own" else cast(Metric, self.metric)
        return _Kept(as_float(normal), chosen, self.k)


@dataclass(frozen=True, eq=False)
class _Kept(Fitted):
    normal: Float
    metric: Metric
    k: int

    def score(self, features: Features) -> Scored:
        """Fewer than k normal pictures are all taken."""
        distances = neighbors.search(self.normal, as_float(features), self.metric, self.k)[1]
        return Scored(distances.mean(axis=1))
