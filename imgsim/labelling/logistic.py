"""The logistic probe: one plane between classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.evaluation.few_shot import centred_to_length_one
from imgsim.labelling import CLASSIFIERS, Classifier, Doubles, Task
from imgsim.parameters import param


@CLASSIFIERS.register
@dataclass(frozen=True)
class Logistic(Classifier):
    """Multinomial logistic regression on the vectors less the collection's mean, of length 1."""

    id = "logistic"
    title = "Logistic probe"
    how = "Learns planes between the classes from the labelled images. Gains most from many labels."
    reference = (
        "Alain & Bengio: Understanding intermediate layers using linear classifier probes, 2016, arXiv:1610.01644"
    )

    strength: float = param(
        10.0, "How closely it follows the labels (C of scikit-learn).", minimum=0.001, maximum=10000.0
    )

    def shares(self, task: Task) -> Doubles:
        """(N, C)."""
        from sklearn.linear_model import LogisticRegression

        space = centred_to_length_one(task.vectors)
        probe = LogisticRegression(C=self.strength, max_iter=500).fit(space[task.rows], task.codes)
        return np.asarray(probe.predict_proba(space), np.float64)
