"""Lesson 12: words and pictures in one space, by way of the names of things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt

from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons.blocks import Bars, Block, GoOn, Pictures, Shown
from imgsim.lessons.lab import Kept, Lab, Need, distances
from imgsim.methods import METHODS
from imgsim.methods.conse import ConSE
from imgsim.parameters import param
from imgsim.progress import Progress

ASKED, WANTED = "a cat", "chelsea/original"
TEXTS = (
    ASKED, "a pet", "a cup of coffee", "something to drink", "a flower", "a rocket", "an astronaut", "a motorcycle",
    "a house by a lake", "written words", "loneliness",
)  # fmt: skip
SHOWN = 8


@LESSONS.register
@dataclass(frozen=True)
class Words(Lesson):
    """Photos in the order in which they fit a sentence."""

    id = "words"
    number = 12
    title = "Searching with words"
    minutes = 6
    fixed = "Stays on the packaged photos: it must be known which of them shows the cat. Search takes your own."
    story: ClassVar[str] = (
        "A network that names things gives each photo a list: 40 per cent this, 20 per cent that. Every name is also a "
        "sentence, and a model of language turns sentences into vectors in which like meanings are near. So a photo "
        "can stand among sentences: at the mean of the names it got, each with its weight.\n\n"
        "Then a sentence is a query like any other. Among the packaged photos is one of a cat."
    )
    question = "We search for *a cat*. At which rank among the unedited photos is it?"
    choices: ClassVar[dict[str, str]] = {
        "first": "First",
        "near": "Second to fifth",
        "far": "Later: it never learnt from captions",
    }
    why: ClassVar[str] = (
        "The network has classes for kinds of cats, and their names lie near *cat* for the model of language. What has "
        "no class, such as a person, a number of things, or a mood, has to be said by what lies around it, and often "
        "is not.\n\nModels that learn from pictures with their captions, such as CLIP, need no list of classes. They "
        "have read hundreds of millions of pairs; what is rare in these, they do not know either."
    )
    task: ClassVar[str] = (
        "Search for other words. Which of them has no class that says it? Look at what the network names on the photos "
        "at the top: can you see how the sentence found them? Let fewer names speak."
    )
    takeaway = (
        "Once words and pictures share a space, a sentence is a query, and distance does the rest.",
        "It finds what it has names or captions for, and puts something at the top in any case.",
    )
    references = (
        "Norouzi et al. 2014, Zero-shot learning by convex combination of semantic embeddings, arXiv:1312.5650",
        "Radford et al. 2021, Learning transferable visual models from natural language supervision, arXiv:2103.00020",
    )

    text: str = param("something to drink", "What is searched for.", choices=TEXTS)
    top: int = param(10, "How many names of a photo speak.", choices=(1, 3, 10, 100))

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """The photos among the sentences."""
        return (_found(10), _found(self.top))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """The photos."""
        ids = [lab.collection.ids[row] for row in lab.originals()]
        return (Pictures("The photos", tuple(Shown(id, source=lab.source) for id in ids)),)

    def answer(self, lab: Lab) -> Answer:
        """The rank of the cat."""
        ranked = _ranked(lab, ASKED, 10)
        rank = ranked.index(WANTED) + 1
        choice = choice_of(rank, ((1, "first"), (5, "near"), (np.inf, "far")))
        chance = (len(ranked) + 1) / 2
        says = f"The cat is at rank {rank} of {len(ranked)}; by chance it would be at {chance:g} on average."
        return Answer(choice, says, (_row(lab, ASKED, ranked), _names(lab, WANTED, 10)))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The order for the chosen words, and what the first photo was named."""
        ranked = _ranked(lab, self.text, self.top)
        params = {"collection": lab.source, "text": self.text}
        return (
            _row(lab, self.text, ranked),
            _names(lab, ranked[0], self.top),
            GoOn("Search your own pictures with words", "search", params),
        )


def _row(lab: Lab, text: str, ranked: Sequence[str]) -> Pictures:
    items = tuple(Shown(id, source=lab.source, tag=str(rank)) for rank, id in enumerate(ranked[:SHOWN], 1))
    return Pictures(f"Nearest to: {text}", items)


def _names(lab: Lab, id: str, top: int) -> Bars:
    kept = _found(top).make(lab)
    row = [lab.collection.ids[r] for r in lab.originals()].index(id)
    names = dict(zip(map(str, kept["names"][row]), map(float, kept["shares"][row]), strict=True))
    return Bars(f"What the network names on {id}", names, "probability by the network")


def _ranked(lab: Lab, text: str, top: int) -> list[str]:
    kept = _found(top).make(lab)
    order = np.argsort(kept["far"][TEXTS.index(text)], kind="stable")
    ids = [lab.collection.ids[row] for row in lab.originals()]
    return [ids[i] for i in order]


def _found(top: int) -> Kept:
    return Kept("words", lambda lab, progress: _compute(lab, top, progress), (("top", top), ("texts", ";".join(TEXTS))))


def _compute(lab: Lab, top: int, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    """Distances (T, N) of the texts from the photos, and the five likeliest names of each photo."""
    progress("Naming photos", 0, 2)
    method = cast(ConSE, METHODS.create("conse", top=top))
    images = lab.images(lab.originals())
    named = [method.words(image) for image in images]
    progress("Naming photos", 1, 2)
    far = distances(method.embed_text(list(TEXTS)), method.embed(images), method.metric)
    progress("Naming photos", 2, 2)
    names = np.array([[name for name, _ in one] for one in named])
    return {"far": far, "names": names, "shares": np.array([[share for _, share in one] for one in named])}
