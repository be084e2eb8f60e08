"""N-way K-shot accuracy: how much a handful of labels is worth in a space (N images, D dimensions).

An episode draws `ways` classes and of each `shots` images with their label, then asks the class of other images of
these classes: that of the nearest class mean. Vectors are centred on the mean of the whole collection and
scaled to length 1 before (CL2N), which needs no label. Chance is 1 / ways.

Reference: Wang, Chao, Weinberger, van der Maaten: SimpleShot, 2019, arXiv:1911.04623 (CL2N); Vinyals et al.: Matching
networks, NeurIPS 2016, arXiv:1606.04080 (episodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imgsim.errors import InputError
from imgsim.evaluation.bootstrap import Interval
from imgsim.progress import Progress, silent
from imgsim.types import Field, Float, Ints

N_EPISODES = 600
QUERIES = 15  # most images of a class that an episode asks
Z = 1.96  # of a normal distribution, 95 % two-sided


@dataclass(frozen=True)
class FewShot:
    """Accuracy over episodes.

    Attributes:
        accuracy: mean share of right answers, 0 to 1.
        ci95: of that mean over the episodes. The pictures are the same ones again and again: it tells how well this
            collection was sampled, not how other pictures would do.
        chance: 1 / ways.
        n_episodes: how many there were.
        n_classes: classes with enough images to take part.
    """

    accuracy: float
    ci95: Interval
    chance: float
    n_episodes: int
    n_classes: int


def centred_to_length_one(vectors: Float) -> Float:
    """CL2N: (N, D) minus their mean, each scaled to length 1; a vector that is the mean stays 0."""
    centred = np.asarray(vectors - vectors.mean(axis=0), np.float32)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(lengths > 0, lengths, 1), np.float32)


def nearest_mean(examples: Float, queries: Float) -> Ints:
    """(Q,) class of each of (Q, D) queries: the nearest mean of (ways, shots, D) examples, ties to the first class."""
    means = examples.mean(axis=1)
    return np.asarray(((queries[:, None] - means) ** 2).sum(axis=2).argmin(axis=1))


def few_shot(
    labels: Field,
    vectors: Float,
    *,
    ways: int = 5,
    shots: int = 1,
    n_episodes: int = N_EPISODES,
    seed: int = 0,
    progress: Progress = silent,
) -> FewShot:
    """Of (N,) labels and (N, D) vectors. Images without a label and classes of `shots` images or fewer take no part.

    Raises:
        InputError: fewer than two ways, no shot or no episode, or not enough classes.
    """
    for name, value, least in (("ways", ways, 2), ("shots", shots, 1), ("episodes", n_episodes, 2)):
        if value < least:
            raise InputError(f"{name} must be {least} or more, got {value}; choose a larger number.")
    classes = _classes(labels, shots + 1)
    if len(classes) < ways:
        raise InputError(
            f"the label must have {ways} classes of more than {shots} images, got {len(classes)}; ask for fewer --ways "
            "or --shots."
        )
    space, random = centred_to_length_one(vectors), np.random.default_rng(seed)
    right = np.empty(n_episodes)
    for number in range(n_episodes):
        right[number] = _episode(space, classes, ways, shots, random)
        progress("Asking episodes", number + 1, n_episodes)
    mean, half = float(right.mean()), Z * float(right.std(ddof=1)) / np.sqrt(n_episodes)
    return FewShot(mean, (max(0.0, mean - half), min(1.0, mean + half)), 1 / ways, n_episodes, len(classes))


def _classes(labels: Field, least: int) -> list[Ints]:
    """The rows of each class of at least so many images."""
    names, codes = np.unique(np.asarray(labels).astype(str), return_inverse=True)
    named = [code for code, name in enumerate(names) if name not in ("", "nan")]
    rows = [np.flatnonzero(codes == code).astype(np.int32) for code in named]
    return [found for found in rows if len(found) >= least]


def _episode(space: Float, classes: list[Ints], ways: int, shots: int, random: np.random.Generator) -> float:
    drawn = [random.permutation(classes[i]) for i in random.choice(len(classes), ways, replace=False)]
    examples = np.stack([space[rows[:shots]] for rows in drawn])
    asked = [rows[shots : shots + QUERIES] for rows in drawn]
    truth = np.repeat(np.arange(ways), [len(rows) for rows in asked])
    return float((nearest_mean(examples, space[np.concatenate(asked)]) == truth).mean())
