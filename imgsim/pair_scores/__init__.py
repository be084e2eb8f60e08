"""Pair scores: two images become one number, without a vector for either. `PAIR_SCORES` finds them by scanning.

A pair score is a frozen dataclass whose fields are its parameters, like a method (`imgsim.methods`), and it sees
images in the same two steps, so that a query is prepared once and compared with many:

    prepare(image)   one (H, W, 3) uint8 RGB image -> the small array it needs; runs in the decoding threads
    score(a, b)      two prepared arrays -> a number; the same in either order

Without vectors there is no index: ranking N images costs N comparisons.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.parameters import values
from imgsim.registry import Registry
from imgsim.types import Float, Image, Ints, key_of

Array = npt.NDArray[Any]


class PairScore(ABC):
    """Two images -> a number. Class facts describe it to people."""

    id: ClassVar[str]
    title: ClassVar[str]
    family: ClassVar[str]  # pixels, perception, keypoints
    version: ClassVar[int] = 1  # raise it when the code gives other numbers
    larger_is_closer: ClassVar[bool]
    range: ClassVar[str]  # what values it takes, unit included
    sees: ClassVar[str]  # what makes two images close, one plain sentence
    blind_to: ClassVar[str]  # what it cannot tell apart, one plain sentence
    reference: ClassVar[str]  # paper or page
    licence: ClassVar[str]

    @property
    def min_side(self) -> int:
        """Short side in pixels below which `prepare` would lose something."""
        return 256

    @abstractmethod
    def prepare(self, image: Image) -> Array:
        """The array that `score` needs from one (H, W, 3) uint8 RGB image of any size from 1 x 1."""

    @abstractmethod
    def score(self, a: Array, b: Array) -> float:
        """The score of two prepared images, finite, the same in either order."""

    def compare(self, a: Image, b: Image) -> float:
        """The score of two images."""
        return self.score(self.prepare(a), self.prepare(b))

    def rank(self, query: Array, candidates: Sequence[Array]) -> tuple[Ints, Float]:
        """(N,) candidates, closest first and ties in their order, and their (N,) scores; all are prepared images."""
        scores = np.array([self.score(query, candidate) for candidate in candidates], dtype=np.float32)
        order = np.argsort(-scores if self.larger_is_closer else scores, kind="stable")
        return order.astype(np.int32), scores[order]

    @property
    def params(self) -> dict[str, Any]:
        """Parameter values by name."""
        return values(self)

    @property
    def key(self) -> str:
        """Content key of id, version and parameters."""
        return key_of("pair_score", id=self.id, version=self.version, params=self.params)


PAIR_SCORES: Registry[PairScore] = Registry("pair score", __name__)
