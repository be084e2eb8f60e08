"""k-reciprocal re-ranking: near is who has the same friends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from imgsim.parameters import param
from imgsim.postprocess import POSTPROCESS, GraphStep, Ranker
from imgsim.types import Float, Ints


@POSTPROCESS.register
@dataclass(frozen=True)
class KReciprocal(GraphStep):
    """Compare images by the overlap of those who have them among their nearest and whom they have among theirs."""

    k1: int = param(20, "Length of the lists in which two images must find each other.", minimum=1, maximum=100)
    k2: int = param(6, "Nearest whose lists are averaged; 1 for none.", minimum=1, maximum=50)
    weight: float = param(
        0.3, "Share of the first distance in the new one; the rest is the overlap.", minimum=0.0, maximum=1.0
    )

    id = "k_reciprocal"
    title = "k-reciprocal re-ranking"
    changes = "Puts first who stands in the same neighbour lists, which removes one-sided finds; changes no vector."
    reference = "Zhong et al.: Re-ranking person re-identification with k-reciprocal encoding, CVPR 2017"

    def ranker(self, indices: Ints, distances: Float) -> Ranker:
        """(1 - weight) Jaccard distance of encodings + weight first distance.

        First distances are divided by the last one of the asking image's list. Only those in the list have a known
        one; others count as far as the last.
        """
        return _Encodings(self, indices, distances).distances


class _Encodings:
    def __init__(self, step: KReciprocal, indices: Ints, distances: Float) -> None:
        self.step, self.indices = step, indices
        last = distances[:, -1:] if distances.shape[1] else distances
        self.scaled = np.divide(distances, last, out=np.zeros_like(distances), where=last > 0)
        self.reciprocal = lru_cache(None)(self._reciprocal)
        self.weights = lru_cache(None)(self._weights)
        self.encoding = lru_cache(None)(self._encoding)

    def distances(self, row: int, candidates: Ints) -> Float:
        """(C,) new distances of candidates."""
        members, values = self.encoding(row)
        shares = np.zeros(len(self.indices), np.float32)
        shares[members] = values
        common = np.array([np.minimum(shares[m], v).sum() for m, v in map(self.encoding, map(int, candidates))])
        jaccard = 1 - common / (2 - common)  # every encoding sums to 1
        first = self._first(row, candidates)
        return np.asarray(np.clip((1 - self.step.weight) * jaccard + self.step.weight * first, 0, 1), np.float32)

    def _list(self, row: int, k: int) -> Ints:
        """The image itself and its k nearest."""
        return np.concatenate([[row], self.indices[row, :k]]).astype(np.int32)

    def _reciprocal(self, row: int, k: int) -> Ints:
        near = self._list(row, k)
        return near[[row == other or bool((self.indices[other, :k] == row).any()) for other in near]]

    def _expanded(self, row: int) -> Ints:
        """The k1-reciprocal set with the half-length sets of members that lie mostly in it."""
        core = self.reciprocal(row, self.step.k1)
        parts = [core]
        for other in core:
            theirs = self.reciprocal(int(other), max(1, round(self.step.k1 / 2)))
            if np.isin(theirs, core).sum() > 2 / 3 * len(theirs):
                parts.append(theirs)
        return np.unique(np.concatenate(parts))

    def _weights(self, row: int) -> tuple[Ints, Float]:
        members = self._expanded(row)
        values = np.exp(-self._first(row, members))
        return members, values / values.sum()

    def _encoding(self, row: int) -> tuple[Ints, Float]:
        """Members and shares, averaged over the image and its k2 - 1 nearest."""
        parts = [self.weights(int(other)) for other in self._list(row, self.step.k2 - 1)]
        if len(parts) == 1:
            return parts[0]
        members, where = np.unique(np.concatenate([m for m, _ in parts]), return_inverse=True)
        total = np.bincount(where, np.concatenate([v for _, v in parts])) / len(parts)
        return members, total.astype(np.float32)

    def _first(self, row: int, others: Ints) -> Float:
        """First distances over the last of the list: 0 of itself, 1 of those outside."""
        same = others[:, None] == self.indices[row]
        found = np.where(same.any(axis=1), self.scaled[row][same.argmax(axis=1)] if same.shape[1] else 1, 1)
        return np.where(others == row, 0, found).astype(np.float32)
