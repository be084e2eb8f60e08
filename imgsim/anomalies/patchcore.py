"""PatchCore: a memory of normal patches, thinned to a coreset; a strange patch is far from all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from imgsim.anomalies.coreset import greedy, projected
from imgsim.anomalies.detector import DETECTORS, Detector, Features, Fitted, Scored, as_float, blocks
from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.types import Float, Metric

CANDIDATES = 20_000  # patches that the coreset is chosen from, drawn at random where there are more
_BLOCK = 16  # pictures


@DETECTORS.register
@dataclass(frozen=True)
class PatchCore(Detector):
    """The distance of each patch from the nearest one in memory; the largest of them count.

    Two steps differ from the paper, as this does better on four sets (docs/anomalies.md): patches are not averaged over
    their surroundings but each layer's features are of length 1, and the mean of the strangest patches is the score,
    not the weighed distance of the strangest one.
    """

    memory: int = param(800, "Normal patches that stay in memory; more are finer and slower.", minimum=1, maximum=5000)
    strangest: float = param(
        1.0, "Share of a picture's patches, in percent, whose distances are averaged.", minimum=0, maximum=100
    )
    seed: int = param(0, "Random seed of the coreset.", minimum=0)

    id: ClassVar[str] = "patchcore"
    title: ClassVar[str] = "Normal patches (PatchCore)"
    sees: ClassVar[str] = "Parts that no normal picture has anywhere."
    unit: ClassVar[str] = "mean distance of the strangest patches"
    needs: ClassVar[Literal["embeddings", "patches"]] = "patches"
    patches: ClassVar[Literal["smooth", "unit"]] = "unit"
    version: ClassVar[int] = 2
    reference: ClassVar[str] = "Roth et al.: Towards total recall in industrial anomaly detection, CVPR 2022"

    def fit(self, normal: Features, metric: Metric, progress: Progress = silent) -> Fitted:  # noqa: ARG002
        """A greedy coreset of the patches of (N, h, w, C)."""
        flat = normal.reshape(-1, normal.shape[-1])
        random = np.random.default_rng(self.seed)
        if len(flat) > CANDIDATES:
            flat = flat[np.sort(random.permutation(len(flat))[:CANDIDATES])]
        candidates = as_float(flat)
        rows = greedy(projected(candidates, seed=self.seed), self.memory, seed=self.seed, progress=progress)
        return Memory(np.ascontiguousarray(candidates[np.sort(rows)]), self.strangest / 100)


@dataclass(frozen=True, eq=False)
class Memory(Fitted):
    """(M, C) normal patches, and the share, 0 to 1, of a picture's patches that count; at least one does."""

    patches: Float
    strangest: float

    def score(self, features: Features) -> Scored:
        """The map holds each patch's distance to its nearest in memory; the score is the mean of the largest."""
        maps = np.concatenate([self._nearest(features[part]) for part in blocks(len(features), _BLOCK)])
        flat = np.sort(maps.reshape(len(maps), -1), axis=1)
        count = max(1, round(self.strangest * flat.shape[1]))
        return Scored(flat[:, -count:].mean(axis=1), maps)

    def _nearest(self, features: Features) -> Float:
        flat = as_float(features).reshape(-1, features.shape[-1])
        return np.asarray(distances(flat, self.patches).min(axis=1).reshape(features.shape[:-1]))


def distances(a: Float, b: Float) -> Float:
    """(A, B) Euclidean distances of (A, D) from (B, D)."""
    squared = np.einsum("ad,ad->a", a, a)[:, None] + np.einsum("bd,bd->b", b, b) - 2 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float32)
