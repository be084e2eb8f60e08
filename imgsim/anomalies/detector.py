"""What every detector is: it learns what normal pictures look like and says how far another one is from that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from imgsim.parameters import values
from imgsim.progress import Progress, silent
from imgsim.registry import Registry
from imgsim.types import Float, Metric, key_of

Features = npt.NDArray[Any]  # (N, D) embeddings, or (N, h, w, C) patch features; any float type


@dataclass(frozen=True, eq=False)
class Scored:
    """(M,) scores, larger is stranger, and (M, h, w) maps of the parts where the detector sees parts."""

    scores: Float
    maps: Float | None = None


class Fitted(ABC):
    """What a detector has learnt from normal pictures."""

    @abstractmethod
    def score(self, features: Features) -> Scored:
        """How strange (M, …) features are; a picture's score does not depend on the others."""


class Detector(ABC):
    """A way to tell strange pictures from normal ones. Subclasses are frozen dataclasses; fields are parameters."""

    id: ClassVar[str]
    title: ClassVar[str]
    sees: ClassVar[str]  # one plain sentence
    unit: ClassVar[str]  # of the score
    needs: ClassVar[Literal["embeddings", "patches"]]
    patches: ClassVar[Literal["smooth", "unit"]] = "smooth"  # of which kind, as in `imgsim.anomalies.patches`
    reference: ClassVar[str]
    version: ClassVar[int] = 1  # raise it when the code gives other scores

    @abstractmethod
    def fit(self, normal: Features, metric: Metric, progress: Progress = silent) -> Fitted:
        """Learn from the features of N normal pictures; `metric` is that of the method, for embeddings."""

    @property
    def params(self) -> dict[str, Any]:
        """Parameter values by name."""
        return values(self)

    @property
    def key(self) -> str:
        """Content key of id, version and parameters."""
        return key_of("detector", id=self.id, version=self.version, params=self.params)


DETECTORS: Registry[Detector] = Registry("detector", "imgsim.anomalies")
DEFAULT = "patchcore"  # finds more of the packaged scans than padim at the same threshold; see docs/anomalies.md


def blocks(n: int, step: int) -> list[slice]:
    """Slices of `step` rows that cover n."""
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def as_float(features: Features) -> Float:
    """Contiguous float32."""
    return np.ascontiguousarray(features, dtype=np.float32)
