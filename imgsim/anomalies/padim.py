"""PaDiM: a Gaussian of the patch features at each position of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from imgsim.anomalies.coreset import one_core
from imgsim.anomalies.detector import DETECTORS, Detector, Features, Fitted, Scored, as_float, blocks
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Float, Metric

EPSILON = 0.01  # added to the variances, as in the paper: keeps the covariance of few pictures invertible
_BLOCK = 64  # pictures


@DETECTORS.register
@dataclass(frozen=True)
class Padim(Detector):
    """The Mahalanobis distance of each position from the normal pictures at the same position; the largest counts."""

    dims: int = param(100, "Features that are drawn at random and kept; fewer are faster.", minimum=2, maximum=400)
    seed: int = param(0, "Random seed of the draw.", minimum=0)

    id: ClassVar[str] = "padim"
    title: ClassVar[str] = "Gaussian at each position (PaDiM)"
    sees: ClassVar[str] = "Parts that normal pictures do not have at that place: good for pictures that are aligned."
    unit: ClassVar[str] = "largest Mahalanobis distance of a part"
    needs: ClassVar[Literal["embeddings", "patches"]] = "patches"
    reference: ClassVar[str] = "Defard et al.: PaDiM, ICPR workshops 2021, arXiv:2011.08785"

    def fit(self, normal: Features, metric: Metric, progress: Progress = silent) -> Fitted:  # noqa: ARG002
        """Mean and inverse covariance at each of the h x w positions of (N, h, w, C)."""
        _, height, width, channels = normal.shape
        chosen = np.sort(np.random.default_rng(self.seed).permutation(channels)[: self.dims])
        values = as_float(normal[..., chosen]).transpose(1, 2, 0, 3)  # (h, w, N, d)
        means = np.empty((height * width, len(chosen)), np.float32)
        inverses = np.empty((height * width, len(chosen), len(chosen)), np.float32)
        with one_core():
            for row in range(height):
                progress("Learning the normal pictures", row, height)
                here = slice(row * width, (row + 1) * width)
                means[here], inverses[here] = gaussians(values[row].astype(np.float64, order="C"))
        progress("Learning the normal pictures", height, height)
        return _Gaussians(chosen, means, inverses)


def gaussians(values: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Means (P, d) and inverse covariances (P, d, d) of (P, N, d): P positions, N pictures."""
    means = values.mean(axis=1)
    centred = values - means[:, None]
    covariance = centred.transpose(0, 2, 1) @ centred / max(values.shape[1] - 1, 1)
    return means, np.linalg.inv(covariance + EPSILON * np.eye(values.shape[2]))


@dataclass(frozen=True, eq=False)
class _Gaussians(Fitted):
    chosen: npt.NDArray[np.intp]
    means: Float
    inverses: Float

    def score(self, features: Features) -> Scored:
        """The map holds distances; the score is the largest."""
        maps = np.concatenate([self._distances(features[part]) for part in blocks(len(features), _BLOCK)])
        return Scored(maps.max(axis=(1, 2)), maps)

    def _distances(self, features: Features) -> Float:
        n, height, width, _ = features.shape
        flat = as_float(features[..., self.chosen]).reshape(n, height * width, -1)
        gaps = (flat - self.means).transpose(1, 0, 2)  # (P, n, d)
        squared = ((gaps @ self.inverses) * gaps).sum(axis=2).T
        return np.asarray(np.sqrt(np.maximum(squared, 0)).reshape(n, height, width), np.float32)
