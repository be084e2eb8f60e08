"""Lesson 7: a cosine means nothing by itself; what counts is how it compares with random pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim import neighbors
from imgsim.lessons import LESSONS, Answer, Lesson
from imgsim.lessons.blocks import Bars, Block, GoOn, Pictures, Says, Shown
from imgsim.lessons.lab import Kept, Lab, Need
from imgsim.methods import METHODS
from imgsim.parameters import param
from imgsim.progress import Progress
from imgsim.types import Float

COMPARED = ("pixels", "hog", "gist", "imgsim_mini")
PAIRS = 2000
SAMPLE = 120  # pictures that the pairs are of


@LESSONS.register
@dataclass(frozen=True)
class EmbeddingSpace(Lesson):
    """The cosine of random pairs, by method, and what a limit on it catches."""

    id = "embedding_space"
    number = 7
    title = "What a similarity means"
    minutes = 7
    story: ClassVar[str] = (
        "Every method turns a picture into a list of numbers: a point in a space of many dimensions. Two pictures are "
        "compared by the angle between their points as seen from zero. The cosine is 1 in the same direction, 0 at a "
        "right angle, -1 in opposite directions.\n\nPeople ask: from which cosine on are two pictures similar? Draw "
        "pairs at random, with nothing in common, and see what they have."
    )
    question = "What is the mean cosine of random pairs of pictures, by four methods?"
    choices: ClassVar[dict[str, str]] = {
        "zero": "Near 0 for all: they have nothing in common",
        "half": "About the same for all, well above 0",
        "differs": "It depends on the method: near 0 for some, high for others",
    }
    why: ClassVar[str] = (
        "A histogram of edges has no negative entries, so all its points lie in one corner of the space and every "
        "angle is sharp. Pixels without their mean point in all directions. A network lies somewhere between.\n\n"
        "So a raw similarity cannot be compared between methods, nor with a number in a blog. What can be: how many "
        "random pairs are less alike. That is the percentage that stands beside every similarity here."
    )
    task: ClassVar[str] = (
        "Set a limit and call everything above it similar. How many random pairs does it let through by each method? "
        "Then shift the origin to the middle of the collection (centre): the corner is gone. Do the pictures next to "
        "each other change?"
    )
    takeaway = (
        "A cosine has no meaning across methods; compare ranks, or ask how many random pairs are less alike.",
        "A limit belongs to one method on one collection, and is found by looking at pairs around it.",
    )
    references = (
        "Mu, Viswanath 2018, All-but-the-top, arXiv:1702.01417",
        "Steck, Ekanadham, Kallus 2024, Is cosine-similarity of embeddings really about similarity?, arXiv:2403.05440",
    )

    limit: float = param(0.8, "Cosine from which on two pictures are called similar.", minimum=0.4, maximum=1.0)
    centre: bool = param(False, "Take the mean of the collection from every vector first.")

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """The four spaces."""
        return (_sample(),)

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Some random pairs."""
        first, second = _pairs(lab)
        ids = [lab.collection.ids[row] for row in lab.sample(SAMPLE)]
        return tuple(
            Pictures(f"Random pairs, {side}", tuple(Shown(ids[row], source=lab.source) for row in rows[:8]))
            for side, rows in (("one", first), ("the other", second))
        )

    def answer(self, lab: Lab) -> Answer:
        """The mean cosine by method."""
        means = {name: float(_cosines(lab, name, False).mean()) for name in COMPARED}
        spread = max(means.values()) - min(means.values())
        choice = "differs" if spread > 0.3 else "zero" if max(means.values()) < 0.3 else "half"
        said = ", ".join(f"{METHODS[name].title} {mean:.2f}" for name, mean in means.items())
        bars = Bars(
            "How alike are two random pictures?",
            {METHODS[name].title: mean for name, mean in means.items()},
            f"mean cosine of {PAIRS:,} random pairs, -1 to 1",
            ("at a right angle", 0.0),
            share=False,
        )
        return Answer(choice, f"Mean cosine of {PAIRS:,} random pairs: {said}.", (bars,))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """What passes the limit, and whether the nearest picture changes when the origin moves."""
        passed = {METHODS[n].title: float((_cosines(lab, n, self.centre) >= self.limit).mean()) for n in COMPARED}
        blocks: list[Block] = [
            Bars(
                f"Random pairs called similar at a cosine of {self.limit:.2f}",
                passed,
                f"share of {PAIRS:,} random pairs",
                ("should be", 0.0),
            )
        ]
        if self.centre:
            same = {METHODS[name].title: _same_nearest(lab, name) for name in COMPARED}
            blocks.append(
                Bars(
                    "Pictures whose nearest one stays the same",
                    same,
                    f"share of {len(lab.sample(SAMPLE))} pictures",
                    share=True,
                )
            )
        else:
            blocks.append(Says("Move the origin with *centre* to see the corner vanish."))
        return (*blocks, GoOn("See percentages on the Pair page", "pair", {"collection": lab.source}))


def _sample() -> Kept:
    return Kept("embedding_space", _embed)


def _embed(lab: Lab, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    """By method the vectors of a sample of the collection."""
    images, found = lab.images(lab.sample(SAMPLE), 256), {}
    for done, name in enumerate(COMPARED):
        progress("Describing pictures in four ways", done, len(COMPARED))
        found[name] = METHODS.create(name).embed(images)
    progress("Describing pictures in four ways", len(COMPARED), len(COMPARED))
    return found


def _pairs(lab: Lab) -> tuple[list[int], list[int]]:
    """Places in the sample of random pairs of different pictures."""
    random, n = np.random.default_rng(0), len(lab.sample(SAMPLE))
    first = random.integers(0, n, PAIRS)
    second = (first + random.integers(1, n, PAIRS)) % n
    return first.tolist(), second.tolist()


def _cosines(lab: Lab, method: str, centre: bool) -> Float:
    vectors = _unit(lab, method, centre)
    first, second = _pairs(lab)
    return np.asarray(np.einsum("nd,nd->n", vectors[first], vectors[second]))


def _unit(lab: Lab, method: str, centre: bool) -> Float:
    vectors = np.asarray(_sample().make(lab)[method], np.float32)
    moved = vectors - vectors.mean(axis=0) if centre else vectors
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.where(lengths > 0, lengths, 1), np.float32)


def _same_nearest(lab: Lab, method: str) -> float:
    plain, moved = (neighbors.nearest(_unit(lab, method, centre), "cosine", 1)[0] for centre in (False, True))
    return float((plain == moved).mean())
