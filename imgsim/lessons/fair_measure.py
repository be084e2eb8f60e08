"""Lesson 9: a figure without an interval, a baseline and a clean test set says little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons.blocks import Bars, Block, Curves, GoOn, Pictures, Says, Shown
from imgsim.lessons.lab import Lab, Need, Space
from imgsim.methods import METHODS
from imgsim.parameters import param

ASKED, ASKED_OF = 30, "phash"
SIZES = (10, 30, 100, 300, 1000)
DRAWS = 2000


@LESSONS.register
@dataclass(frozen=True)
class FairMeasure(Lesson):
    """How far the accuracy of the nearest neighbour swings with the pictures that happen to be asked."""

    id = "fair_measure"
    number = 9
    title = "Measuring fairly"
    minutes = 8
    source = "builtin:digits"
    story: ClassVar[str] = (
        "To compare methods one asks: is the nearest other picture of the same class? On the handwritten digits we can "
        "ask all of them, and know the answer exactly.\n\nUsually one has only a few labelled pictures. Suppose "
        "somebody measured pHash on thirty digits and reports one number. Somebody else takes thirty others."
    )
    question = "In how wide a band, in percent points, do nineteen of twenty such reports lie?"
    choices: ClassVar[dict[str, str]] = {
        "narrow": "Up to 3 points: a digit is a digit",
        "middle": "3 to 8 points",
        "wide": "More than 8 points",
    }
    why: ClassVar[str] = (
        "Thirty answers are thirty tosses of a loaded coin. The band shrinks with the square root of their number: "
        "four times as many pictures for half the width. Two methods whose bands overlap have not been told apart.\n\n"
        "Two more things decide whether a figure means anything: what chance gives, which shuffled labels show, and "
        "whether the answer leaked, for instance because a copy of the question was among the pictures searched."
    )
    task: ClassVar[str] = (
        "Ask more pictures, or fewer. Compare two methods at ten pictures and at a thousand: when could you tell them "
        "apart? Then let the picture itself stay among the answers, the classic mistake."
    )
    takeaway = (
        "A figure needs its number of pictures, an interval, and what chance would give.",
        "Before you believe a high figure, look for copies of the questions among the answers.",
    )
    references = (
        "Musgrave, Belongie, Lim 2020, A metric learning reality check, arXiv:2003.08505",
        "Barz, Denzler 2020, Do we train on test data? Purging CIFAR of near-duplicates, doi:10.3390/jimaging6060041",
    )

    n: int = param(ASKED, "Pictures that are asked.", choices=SIZES)
    method: str = param("phash", "The method.", choices=("pixels", "hog", "phash", "color_histogram"))
    copies: bool = param(False, "Leave the picture itself among the answers.")

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """The digits by the method."""
        return (Space(ASKED_OF), Space(self.method))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Thirty digits."""
        ids = [lab.collection.ids[row] for row in np.random.default_rng(1).permutation(len(lab.collection))[:ASKED]]
        return tuple(
            Pictures(
                "Thirty digits, one sample" if not start else "",
                tuple(Shown(i, source=lab.source) for i in ids[start : start + 8]),
            )
            for start in range(0, ASKED, 8)
        )

    def answer(self, lab: Lab) -> Answer:
        """The width of the band by the number of pictures."""
        hits = _hits(lab, ASKED_OF)
        bands = [_band(hits, n) for n in SIZES]
        low, high = bands[SIZES.index(ASKED)]
        width = 100 * (high - low)
        choice = choice_of(width, ((3, "narrow"), (8, "middle"), (np.inf, "wide")))
        says = (
            f"Nineteen of twenty reports on {ASKED} digits lie between {low:.0%} and {high:.0%}: {width:.0f} points. "
            f"The truth over all {len(hits):,} is {hits.mean():.1%}; with shuffled labels it would be "
            f"{_null(lab, ASKED_OF):.0%}."
        )
        lines = {"highest of 19 in 20": [b[1] for b in bands], "lowest": [b[0] for b in bands]}
        drawn = Curves(
            "Where do reports lie?",
            tuple(float(np.log10(n)) for n in SIZES),
            {name: tuple(map(float, values)) for name, values in lines.items()},
            "digits asked, 1 is 10, 2 is 100, 3 is 1,000",
            "share whose nearest is of the same digit",
            ("shuffled labels", _null(lab, ASKED_OF)),
            at=float(np.log10(ASKED)),
        )
        return Answer(choice, says, (drawn,))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The band of the chosen method and number."""
        hits = np.ones(len(lab.collection), bool) if self.copies else _hits(lab, self.method)
        low, high = _band(hits, self.n)
        title = METHODS[self.method].title
        blocks: list[Block] = [
            Bars(
                f"{title} on {self.n} digits, in 19 of 20 draws",
                {"Lowest": low, "Over all digits": float(hits.mean()), "Highest": high},
                "share whose nearest is of the same digit",
                ("shuffled labels", _null(lab, self.method)),
            )
        ]
        if self.copies:
            blocks.append(Says("Every picture is its own nearest neighbour: a perfect figure that measures nothing."))
        params = {"collection": lab.source, "section": "scores"}
        return (*blocks, GoOn("Score methods on the Compare page", "compare", params))


def _hits(lab: Lab, method: str) -> npt.NDArray[Any]:
    label = lab.collection.field("label")
    return np.asarray(label[lab.nearest(method, 1)[:, 0]] == label)


def _null(lab: Lab, method: str) -> float:
    """The same with shuffled labels."""
    label = np.random.default_rng(0).permutation(lab.collection.field("label"))
    return float((label[lab.nearest(method, 1)[:, 0]] == label).mean())


def _band(hits: npt.NDArray[Any], n: int) -> tuple[float, float]:
    """The middle 95 % of the accuracies of samples of n different pictures."""
    random = np.random.default_rng(0)
    right = random.hypergeometric(int(hits.sum()), int((~hits).sum()), n, DRAWS) / n
    low, high = np.quantile(right, (0.025, 0.975))
    return float(low), float(high)
