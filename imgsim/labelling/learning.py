"""How accuracy grows with the number of labels, where the truth is known (N images, C classes)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.bootstrap import Interval
from imgsim.labelling import Classifier, Task, predictions
from imgsim.progress import Progress, silent
from imgsim.types import Embeddings, Field, Ints, Neighbors

Codes = npt.NDArray[Any]
SHOTS = (1, 2, 5, 10, 20)
DRAWS = 20
Z = 1.96  # of a normal distribution, 95 % two-sided


@dataclass(frozen=True)
class Point:
    """The accuracy with so many labels.

    Attributes:
        shots: labelled images of each class.
        n_labels: labelled images.
        accuracy: mean share of right answers over the draws, of images without a label, 0 to 1.
        ci95: of that mean.
        lowest, highest: the worst and the best draw.
        majority: the share of the largest class: what always answering it would give.
    """

    shots: int
    n_labels: int
    accuracy: float
    ci95: Interval
    lowest: float
    highest: float
    majority: float


def learning_curve(
    classifier: Classifier,
    space: Embeddings,
    graph: Neighbors,
    labels: Field,
    copies: Sequence[str],
    *,
    shots: Sequence[int] = SHOTS,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Point]:
    """A point for each number of labels that all classes can give and still have one image to be asked.

    Each draw labels so many random images of each class and asks all others that have a label. Exact copies of a
    labelled image are not asked: `copies` are the (N,) hashes of the contents.

    Raises:
        InputError: fewer than two classes, or a class of fewer than two images.
    """
    texts = np.asarray(labels).astype(str)
    known = np.flatnonzero(~np.isin(texts, ("", "nan")))
    names, codes = np.unique(texts[known], return_inverse=True)
    sizes = np.bincount(codes)
    if len(names) < 2 or sizes.min() < 2:
        least = int(sizes.min()) if len(sizes) else 0
        raise InputError(
            f"the label must have two classes or more of two images or more, got {len(names)} and {least}; "
            "choose another field."
        )
    contents = np.unique(np.asarray(copies), return_inverse=True)[1][known]
    random, points = np.random.default_rng(seed), []
    possible = [number for number in shots if number < sizes.min()]
    for number in possible:
        right = []
        for draw in range(draws):
            chosen = _drawn(codes, number, random)
            progress(f"Learning from {number} labels a class", draw, draws)
            right.append(_accuracy(classifier, space, graph, (known, codes, contents), chosen))
        points.append(_point(number, len(names), np.array(right), float(sizes.max() / sizes.sum())))
    return points


def _drawn(codes: Codes, shots: int, random: np.random.Generator) -> Ints:
    """Places of so many random images of each class."""
    each = [random.permutation(np.flatnonzero(codes == code))[:shots] for code in range(codes.max() + 1)]
    return np.sort(np.concatenate(each)).astype(np.int32)


def _accuracy(
    classifier: Classifier, space: Embeddings, graph: Neighbors, truth: tuple[Codes, Codes, Codes], chosen: Ints
) -> float:
    known, codes, contents = truth
    rows, given = known[chosen].astype(np.int32), codes[chosen].astype(np.int32)
    task = Task(space.vectors, space.metric, graph.indices, graph.distances, rows, given, int(codes.max()) + 1)
    found = predictions(task, classifier.shares(task))
    asked = ~np.isin(contents, contents[chosen])
    return float((found.codes[known[asked]] == codes[asked]).mean()) if asked.any() else float("nan")


def _point(shots: int, n_classes: int, right: npt.NDArray[np.float64], majority: float) -> Point:
    mean = float(right.mean())
    half = Z * float(right.std(ddof=1)) / np.sqrt(len(right)) if len(right) > 1 else float("nan")
    interval = (max(0.0, mean - half), min(1.0, mean + half))
    return Point(shots, shots * n_classes, mean, interval, float(right.min()), float(right.max()), majority)
