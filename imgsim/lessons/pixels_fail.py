"""Lesson 1: pixels compare places, so a picture that moved is another picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons.blocks import Bars, Block, Curves, GoOn, Pictures, Shown
from imgsim.lessons.lab import Lab, found_again
from imgsim.methods import METHODS, Method
from imgsim.parameters import param
from imgsim.types import Image

ASKED = 20  # % of the width, in the question
STEPS = (0, 2, 5, 10, 20, 30, 40)
SHOWN = 8


@LESSONS.register
@dataclass(frozen=True)
class PixelsFail(Lesson):
    """Every picture is moved sideways and looks for its original."""

    id = "pixels_fail"
    number = 1
    title = "Pixels fail"
    minutes = 5
    story: ClassVar[str] = (
        "The plainest way to compare two pictures: make both small, put one over the other and compare each pixel with "
        "the one at the same place. The fewer differences, the more alike.\n\n"
        "Now every picture is moved sideways by a fifth of its width; what leaves on the right comes back on the "
        "left. To you it is still the same picture."
    )
    question = "How many of the moved pictures have their own original as the nearest one, by pixels?"
    choices: ClassVar[dict[str, str]] = {
        "all": "Nearly all: it is the same picture, after all",
        "half": "About half",
        "few": "Few: less than three in ten",
    }
    why: ClassVar[str] = (
        "Pixels are compared place by place. An edge that moved is two differences: one where it was, one where it is "
        "now. Pictures of large smooth areas survive, pictures full of detail are lost first.\n\n"
        "Hashes and HOG share the weakness: they too remember *where* things are. A colour histogram forgets where, "
        "and does not care."
    )
    task: ClassVar[str] = (
        "Move the pictures further, or less. Then change the method: who does not mind at all, and what did it give up "
        "for that? Make the pixels fewer: does a coarser picture forgive more?"
    )
    takeaway = (
        "Comparing pixels compares places: a small move makes another picture of it.",
        "What a method must not care about has to be built into it, or learnt.",
    )
    references = (
        "Torralba, Fergus, Freeman 2008, 80 million tiny images, doi:10.1109/TPAMI.2008.128",
        "Wang, Bovik 2009, Mean squared error: love it or leave it?, doi:10.1109/MSP.2008.930649",
    )

    shift: int = param(ASKED, "How far the pictures are moved, in % of their width.", minimum=0, maximum=50)
    method: str = param(
        "pixels", "What compares them.", choices=("pixels", "phash", "hog", "color_histogram", "imgsim_mini")
    )
    size: int = param(
        16, "Side in pixels that pictures are shrunk to; only for the method pixels.", choices=(4, 8, 16, 32)
    )

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """A few pictures and their moved copies."""
        rows = lab.originals()[:SHOWN]
        names = [lab.collection.ids[row] for row in rows]
        moved = [Shown(f"{name}, moved", _moved(lab.image(row), ASKED)) for name, row in zip(names, rows, strict=True)]
        return (
            Pictures("Originals", tuple(Shown(name, source=lab.source) for name in names)),
            Pictures("Moved by a fifth", tuple(moved)),
        )

    def answer(self, lab: Lab) -> Answer:
        """The share that is found, by distance moved."""
        images = lab.images(lab.originals())
        curve = _curve(METHODS.create("pixels"), images)
        share = curve[STEPS.index(ASKED)]
        says = (
            f"Of {len(images)} moved pictures, {round(share * len(images))} find their original ({share:.0%}). "
            f"Guessing would find {1 / len(images):.0%}."
        )
        found = choice_of(share, ((0.3, "few"), (0.75, "half"), (1, "all")))
        return Answer(found, says, (_curves({"Pixels": curve}, len(images), ASKED),))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The chosen method at the chosen shift, beside pixels."""
        rows = lab.originals()
        images = lab.images(rows)
        spec = f"pixels:size={self.size}" if self.method == "pixels" else self.method
        method = METHODS.parse(spec)
        hits = found_again(method, images, [_moved(image, self.shift) for image in images])
        shown = tuple(
            Shown(lab.collection.ids[row], _moved(image, self.shift), mark="hit" if hit else "miss")
            for row, image, hit in list(zip(rows, images, hits, strict=True))[:SHOWN]
        )
        chance = 1 / len(images)
        return (
            Bars(
                f"Found again when moved by {self.shift}%",
                {method.title: float(hits.mean())},
                f"share of {len(images)} pictures",
                ("guessing", chance),
            ),
            Pictures("Moved pictures, and whether they find their original", shown),
            GoOn("Try every change on the Robustness page", "robustness", {"collection": lab.source}),
        )


def _moved(image: Image, percent: float) -> Image:
    return np.ascontiguousarray(np.roll(image, round(image.shape[1] * percent / 100), axis=1))


def _curve(method: Method, images: Sequence[Image]) -> tuple[float, ...]:
    return tuple(float(found_again(method, images, [_moved(image, s) for image in images]).mean()) for s in STEPS)


def _curves(lines: dict[str, tuple[float, ...]], n: int, at: float) -> Curves:
    return Curves(
        "Does a moved picture find its original?",
        tuple(float(step) for step in STEPS),
        lines,
        "moved by, % of the width",
        f"share of {n} pictures",
        ("guessing", 1 / n),
        at=at,
    )
