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
    """The distance of each patch from the nearest one in memory; the largest counts, weighed by how alone it is."""

    memory: int = param(800, "Normal patches that stay in memory; more are finer and slower.", minimum=1, maximum=5000)
    neighbors: int = param(
        9, "Patches of the memory that tell how alone the strangest patch is.", minimum=1, maximum=50
    )
    seed: int = param(0, "Random seed of the coreset.", minimum=0)

    id: ClassVar[str] = "patchcore"
    title: ClassVar[str] = "Memory of normal patches (PatchCore)"
    sees: ClassVar[str] = "Parts that no normal picture has anywhere."
    unit: ClassVar[str] = "distance of the strangest patch"
    needs: ClassVar[Literal["embeddings", "patches"]] = "patches"
    reference: ClassVar[str] = "Roth et al.: Towards total recall in industrial anomaly detection, CVPR 2022"

    def fit(self, normal: Features, metric: Metric, progress: Progress = silent) -> Fitted:  # noqa: ARG002
        """A greedy coreset of the patches of (N, h, w, C)."""
        flat = normal.reshape(-1, normal.shape[-1])
        random = np.random.default_rng(self.seed)
        if len(flat) > CANDIDATES:
            flat = flat[np.sort(random.permutation(len(flat))[:CANDIDATES])]
        candidates = as_float(flat)
        rows = greedy(projected(candidates, seed=self.seed), self.memory, seed=self.seed, progress=progress)
        return Memory(np.ascontiguousarray(candidates[np.sort(rows)]), self.neighbors)


@dataclass(frozen=True, eq=False)
class Memory(Fitted):
    """(M, C) normal patches, and how many tell whether a strange one is alone."""

    patches: Float
    neighbors: int

    def score(self, features: Features) -> Scored:
        """The map holds each patch's distance to its nearest in memory; the score is equation 7 of the paper."""
        maps, scores = zip(*(self._block(features[part]) for part in blocks(len(features), _BLOCK)), strict=True)
        return Scored(np.concatenate(scores), np.concatenate(maps))

    def _block(self, features: Features) -> tuple[Float, Float]:
        n, height, width, channels = features.shape
        flat = as_float(features).reshape(-1, channels)
        away = distances(flat, self.patches)
        nearest = away.argmin(axis=1)
        maps = away[np.arange(len(away)), nearest].reshape(n, height * width)
        strangest = maps.argmax(axis=1)
        rows = np.arange(n) * height * width + strangest
        scores = [self._weighed(float(maps[i, strangest[i]]), nearest[row], away[row]) for i, row in enumerate(rows)]
        return maps.reshape(n, height, width), np.array(scores, np.float32)

    def _weighed(self, largest: float, nearest: int, away: Float) -> float:
        """(1 - softmax of the distance among those to the nearest patch's own neighbours) times the distance."""
        here = distances(self.patches[nearest][None], self.patches)[0]
        around = np.argsort(here, kind="stable")[: self.neighbors]  # the nearest patch itself is among them
        if len(around) < 2:
            return largest
        raised = np.exp(np.minimum(away[around].astype(np.float64) - largest, 500))
        return float((1 - 1 / raised.sum()) * largest)


def distances(a: Float, b: Float) -> Float:
    """(A, B) Euclidean distances of (A, D) from (B, D)."""
    squared = np.einsum("ad,ad->a", a, a)[:, None] + np.einsum("bd,bd->b", b, b) - 2 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float32)
