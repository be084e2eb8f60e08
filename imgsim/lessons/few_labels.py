"""Lesson 11: what a space has learnt without labels decides how far a handful of labels goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.evaluation.few_shot import few_shot
from imgsim.lessons import LESSONS, Answer, Lesson, best_of
from imgsim.lessons.blocks import Bars, Block, GoOn, Pictures, Shown
from imgsim.lessons.lab import Kept, Lab, Need
from imgsim.methods import METHODS
from imgsim.parameters import param
from imgsim.progress import Progress

COMPARED = ("pixels", "hog", "kmeans_patches", "imgsim_mini")
EPISODES = 100
PICTURES = 300
SHOTS = 5


@LESSONS.register
@dataclass(frozen=True)
class FewLabels(Lesson):
    """Digits sorted by the nearest class mean after a few labels, in four spaces."""

    id = "few_labels"
    number = 11
    title = "Few labels, and learning without any"
    minutes = 8
    source = "builtin:digits"
    story: ClassVar[str] = (
        "You have thousands of pictures and the patience to label five of each kind: of the handwritten digits, five "
        "of each. A new picture is given to the class whose five examples are nearest on average. All depends on the "
        "space in which *near* is meant.\n\nFour spaces: pixels; HOG, made by hand; patches whose filters were learnt "
        "from these very pictures without one label; and a network that learnt from many thousand photos of things, "
        "none of them a digit."
    )
    question = "In which space do five labels a class go farthest?"
    choices: ClassVar[dict[str, str]] = {
        "pixels": "Pixels",
        "hog": "HOG, made by hand",
        "kmeans_patches": "Patches learnt from these pictures without labels",
        "imgsim_mini": "The network that learnt from photos",
    }
    why: ClassVar[str] = (
        "A space serves where it was made for what varies. Digits differ in strokes: their direction, their place. A "
        "network that learnt what is on photos of things brings much that is of no use here, and has never needed what "
        "is.\n\nLearning without labels works from what is in the pictures: which patches recur, or, in networks, "
        "which distorted views come from the same picture. It learns what varies, not what it is called. The labels "
        "come last, and few are needed where the space is right."
    )
    task: ClassVar[str] = (
        "One label a class, then twenty. Fewer classes at a time. Does the order of the spaces change? Which gains "
        "most from more labels, and what does that say about it?"
    )
    takeaway = (
        "A good space needs few labels; a bad one needs many, and does not say so.",
        "Pictures without labels can make a space; labels only give names to its regions.",
    )
    references = (
        "Wang, Chao, Weinberger, van der Maaten 2019, SimpleShot, arXiv:1911.04623",
        "Coates, Ng 2012, Learning feature representations with k-means, doi:10.1007/978-3-642-35289-8_30",
        "Chen, Kornblith, Norouzi, Hinton 2020, A simple framework for contrastive learning, arXiv:2002.05709",
    )

    shots: int = param(SHOTS, "Labelled pictures of each class.", choices=(1, 2, 5, 10, 20))
    ways: int = param(10, "Classes told apart at a time.", minimum=2, maximum=10)

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """The accuracies of all four spaces."""
        return (_accuracies(SHOTS, 10), _accuracies(self.shots, self.ways))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Examples of some classes."""
        classes = _classes(lab)
        some = [classes[at] for at in np.linspace(0, len(classes) - 1, min(3, len(classes))).astype(int)]
        return tuple(
            Pictures(
                f"{SHOTS} labels of: {name}",
                tuple(
                    Shown(lab.collection.ids[r], source=lab.source) for r in np.flatnonzero(lab.label == name)[:SHOTS]
                ),
            )
            for name in some
        )

    def answer(self, lab: Lab) -> Answer:
        """Accuracy with five labels a class."""
        ways = _ways(lab, 10)
        kept = _accuracies(SHOTS, 10).make(lab)
        shares = {name: float(value) for name, value in zip(COMPARED, kept["accuracy"], strict=True)}
        best, also = best_of(shares)
        half = float((kept["ci"][:, 1] - kept["ci"][:, 0]).max() / 2)
        said = ", ".join(f"{METHODS[name].title} {share:.0%}" for name, share in shares.items())
        says = f"{said}; chance is {1 / ways:.0%}. Means of {EPISODES} draws, within {100 * half:.1f} points."
        return Answer(best, says, (_bars(shares, SHOTS, ways),), also)

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The same with the chosen numbers."""
        kept = _accuracies(self.shots, self.ways).make(lab)
        shares = {name: float(value) for name, value in zip(COMPARED, kept["accuracy"], strict=True)}
        return (
            _bars(shares, int(kept["shots"]), _ways(lab, self.ways)),
            GoOn("Train a space on your own pictures", "train", {"collection": lab.source}),
        )


def _bars(shares: dict[str, float], shots: int, ways: int) -> Bars:
    named = {METHODS[name].title: share for name, share in shares.items()}
    labels = "label" if shots == 1 else "labels"
    return Bars(
        f"{shots} {labels} of each of {ways} classes",
        named,
        "share of pictures given the right class",
        ("chance", 1 / ways),
    )


def _accuracies(shots: int, ways: int) -> Kept:
    return Kept("few_labels", lambda lab, p: _compute(lab, shots, ways, p), (("shots", shots), ("ways", ways)), 2)


def _vectors() -> Kept:
    return Kept("few_labels_vectors", _embed)


def _embed(lab: Lab, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    """By method the vectors of a part of the collection."""
    images, found = lab.images(lab.sample(PICTURES)), {}
    for done, name in enumerate(COMPARED):
        progress("Looking at pictures in four ways", done, len(COMPARED))
        method = METHODS.create(name)
        prepared = [method.prepare(image) for image in images]
        ready = method.fit(prepared) if method.needs_fit else method
        step = method.batch_size
        found[name] = np.concatenate([ready.embed_batch(prepared[i : i + step]) for i in range(0, len(prepared), step)])
    progress("Looking at pictures in four ways", len(COMPARED), len(COMPARED))
    return found


def _compute(lab: Lab, shots: int, ways: int, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    spaces = _vectors().make(lab, progress)
    label, shots = lab.label[lab.sample(PICTURES)], min(shots, _most_shots(lab))
    among = _ways(lab, ways)
    found = [few_shot(label, spaces[name], ways=among, shots=shots, n_episodes=EPISODES) for name in COMPARED]
    accuracy, ci = np.array([one.accuracy for one in found]), np.array([one.ci95 for one in found])
    return {"accuracy": accuracy, "ci": ci, "shots": np.array(shots)}


def _classes(lab: Lab) -> list[str]:
    """The classes of which the sample has enough for five labels and a question.

    Raises:
        InputError: there are fewer than two.
    """
    names, counts = np.unique(lab.label[lab.sample(PICTURES)].astype(str), return_counts=True)
    found = [str(name) for name, count in zip(names, counts, strict=True) if name and count > SHOTS]
    if len(found) < 2:
        raise InputError(
            f"this lesson must have two classes or more of over {SHOTS} pictures each, got {len(found)}; choose "
            "another collection."
        )
    return found


def _ways(lab: Lab, ways: int) -> int:
    """So many classes, or as many as there are."""
    return min(ways, len(_classes(lab)))


def _most_shots(lab: Lab) -> int:
    """Labels that every class that takes part can give, one picture left to ask."""
    label = lab.label[lab.sample(PICTURES)].astype(str)
    return min(int((label == name).sum()) for name in _classes(lab)) - 1
