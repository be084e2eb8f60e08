"""The nearest class mean: the one that needs least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.evaluation.few_shot import centred_to_length_one
from imgsim.labelling import CLASSIFIERS, Classifier, Doubles, Task


@CLASSIFIERS.register
@dataclass(frozen=True)
class NearestMean(Classifier):
    """Vectors less the mean of the collection, of length 1 (CL2N); the class whose mean is nearest.

    Shares are softmax(-squared distance), as in prototypical networks (Snell et al., NeurIPS 2017).
    """

    id = "nearest_mean"
    title = "Nearest class mean"
    how = "Each image gets the class whose labelled images have the nearest mean. Works from one label a class."
    reference = "Wang, Chao, Weinberger, van der Maaten: SimpleShot, 2019, arXiv:1911.04623"

    def shares(self, task: Task) -> Doubles:
        """(N, C)."""
        space = centred_to_length_one(task.vectors)
        means = np.stack([space[task.rows[task.codes == code]].mean(axis=0) for code in range(task.n_classes)])
        lengths = (np.einsum("nd,nd->n", part, part, dtype=np.float64) for part in (space, means))
        squared = np.add.outer(*lengths) - 2 * (space @ means.T)
        weights = np.exp(squared.min(axis=1, keepdims=True) - squared)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)
