"""Labelling: a handful of labels, and the rest of a collection is labelled (N images, L labelled, C classes).

A classifier is one file and registers itself. Which image to label next is in `asking`, which label may be wrong in
`suspects`, and how accuracy grows with the number of labels in `learning`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.registry import Registry
from imgsim.types import Embeddings, Float, Ints, Metric, Neighbors

Doubles = npt.NDArray[np.float64]
NONE = -1  # code of an image that no label reaches


@dataclass(frozen=True, eq=False)
class Task:
    """What is known: all vectors, their neighbour graph, and a few labels.

    Attributes:
        vectors: (N, D).
        metric: their distance.
        indices, distances: (N, k) the neighbour graph.
        rows: (L,) which images are labelled, each once.
        codes: (L,) their classes, 0 to C - 1, each at least once.
        n_classes: C, at least 2.
    """

    vectors: Float
    metric: Metric
    indices: Ints
    distances: Float
    rows: Ints
    codes: Ints
    n_classes: int

    def __post_init__(self) -> None:
        if self.n_classes < 2 or len(np.unique(self.codes)) != self.n_classes:
            raise InputError(
                f"labels must be of two classes or more, got {len(np.unique(self.codes))}; label an image of another."
            )
        if len(np.unique(self.rows)) != len(self.rows) or len(self.rows) != len(self.codes):
            raise InputError("an image must have one label, got two; take one of them away.")


class Classifier(ABC):
    """One way to label the rest. A frozen dataclass: its fields are its parameters."""

    id: ClassVar[str]
    title: ClassVar[str]
    how: ClassVar[str]  # in a sentence
    reference: ClassVar[str]

    @property
    def params(self) -> Mapping[str, Any]:
        """The fields."""
        return dict(vars(self))

    @abstractmethod
    def shares(self, task: Task) -> Doubles:
        """(N, C) what speaks for each class, 0 to 1; a row sums to 1, or is 0 where no label reaches the image."""


CLASSIFIERS: Registry[Classifier] = Registry("classifier", __name__)
DEFAULT = "nearest_mean"


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a classifier says of each image; an image with a label keeps it.

    Attributes:
        codes: (N,) class, -1 where no label reaches the image.
        share: (N,) what speaks for it, 0 to 1; no probability: it is not calibrated.
        margin: (N,) the same less that of the second, 0 to 1: small is unsure. 1 for labelled images.
    """

    codes: Ints
    share: Doubles
    margin: Doubles


def predictions(task: Task, shares: Doubles) -> Predictions:
    """The best class of each row of (N, C) shares, ties to the first; labelled rows get their label."""
    best = shares.argmax(axis=1).astype(np.int32)
    two = np.sort(shares, axis=1)[:, -2:]
    share, margin = two[:, 1].copy(), two[:, 1] - two[:, 0]
    best[share <= 0] = NONE
    best[task.rows], share[task.rows], margin[task.rows] = task.codes, 1.0, 1.0
    return Predictions(best, share, margin)


def task_of(space: Embeddings, graph: Neighbors, labels: Mapping[int, str]) -> tuple[Task, tuple[str, ...]]:
    """The task of some rows with their labels, and the names of its classes in alphabetical order.

    Raises:
        InputError: the labels are of fewer than two classes.
    """
    names = tuple(sorted(set(labels.values())))
    rows = np.array(sorted(labels), np.int32)
    codes = np.array([names.index(labels[row]) for row in rows.tolist()], np.int32)
    task = Task(space.vectors, space.metric, graph.indices, graph.distances, rows, codes, len(names))
    return task, names
