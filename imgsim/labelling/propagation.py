"""Label propagation: labels flow along the neighbour graph, so that images without one count as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from imgsim.labelling import CLASSIFIERS, Classifier, Doubles, Task
from imgsim.parameters import param
from imgsim.types import Float, Ints

STEPS, ENOUGH = 500, 1e-6


@CLASSIFIERS.register
@dataclass(frozen=True)
class Propagation(Classifier):
    """Label spreading on the stored graph: F = alpha S F + (1 - alpha) Y until it stands still.

    S is the affinity with both sides divided by the square roots of its row sums.
    """

    id = "propagation"
    title = "Label propagation"
    how = "Labels flow from neighbour to neighbour. Follows islands of any form, and misleads where islands mix."
    reference = "Zhou, Bousquet, Lal, Weston, Schölkopf: Learning with local and global consistency, NeurIPS 2003"

    k: int = param(15, "Neighbours that an image is linked to.", minimum=2, maximum=100)
    alpha: float = param(0.95, "How far labels flow, below 1.", minimum=0.01, maximum=0.999)

    def shares(self, task: Task) -> Doubles:
        """(N, C); rows of images that no path joins with a label are 0."""
        import scipy.sparse as sparse

        weights = affinity(task.indices[:, : self.k], task.distances[:, : self.k])
        sums = np.asarray(weights.sum(axis=1), np.float64).ravel()
        roots = sparse.diags_array(1 / np.sqrt(np.where(sums > 0, sums, 1)))
        links = sparse.csr_array(roots @ weights @ roots)
        given = np.zeros((len(task.vectors), task.n_classes))
        given[task.rows, task.codes] = 1
        found = given.copy()
        for _ in range(STEPS):
            before, found = found, self.alpha * (links @ found) + (1 - self.alpha) * given
            if np.abs(found - before).sum() < ENOUGH * len(task.rows):
                break
        totals = found.sum(axis=1, keepdims=True)
        return np.asarray(found / np.where(totals > 0, totals, 1), np.float64)


def affinity(indices: Ints, distances: Float) -> Any:
    """(N, N) sparse, symmetric: exp(-d(i, j)^2 / (s_i s_j)) where j is a neighbour of i or i of j; 0 on the diagonal.

    s_i is the distance to the last of the k neighbours, so no width has to be chosen and any metric will do; copies,
    at distance 0 of each other, have affinity 1.

    Reference: Zelnik-Manor & Perona: Self-tuning spectral clustering, NeurIPS 2004.
    """
    import scipy.sparse as sparse

    n, k = indices.shape
    if not k:
        return sparse.csr_array((n, n), dtype=np.float64)
    squared = np.asarray(distances, np.float64) ** 2
    width = np.asarray(distances[:, -1], np.float64)
    scale = width[:, None] * width[indices]
    weights = np.exp(-np.divide(squared, scale, out=np.where(squared > 0, np.inf, 0.0), where=scale > 0))
    rows = np.repeat(np.arange(n), k)
    one_way = sparse.csr_array((weights.ravel(), (rows, indices.ravel())), shape=(n, n))
    return one_way.maximum(one_way.T).tocsr()
