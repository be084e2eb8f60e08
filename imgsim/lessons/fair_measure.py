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
LEAST = 60  # labelled pictures, so that samples of thirty can differ


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
        "To compare methods one asks: is the nearest other picture of the same kind? Here every picture has a label, "
        "so we can ask all of them, and know the answer exactly.\n\nUsually one has only a few labelled pictures. "
        "Suppose somebody measured pHash on thirty pictures and reports one number. Somebody else takes thirty others."
    )
    question = "In how wide a band, in percent points, do nineteen of twenty such reports lie?"
    choices: ClassVar[dict[str, str]] = {
        "narrow": "Up to 3 points: thirty are enough",
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
        """The pictures by the method."""
        return (Space(ASKED_OF), Space(self.method))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Thirty pictures."""
        ids = [lab.collection.ids[row] for row in np.random.default_rng(1).permutation(lab.labelled(LEAST))[:ASKED]]
        return (Pictures("Thirty pictures, one sample", tuple(Shown(id, source=lab.source) for id in ids)),)

    def answer(self, lab: Lab) -> Answer:
        """The width of the band by the number of pictures."""
        hits = _hits(lab, ASKED_OF)
        sizes = [n for n in SIZES if n <= len(hits)]
        bands = [_band(hits, n) for n in sizes]
        low, high = bands[sizes.index(ASKED)]
        width = 100 * (high - low)
        choice = choice_of(width, ((3, "narrow"), (8, "middle"), (np.inf, "wide")))
        says = (
            f"Nineteen of twenty reports on {ASKED} pictures lie between {low:.0%} and {high:.0%}: {width:.0f} points. "
            f"The truth over all {len(hits):,} is {hits.mean():.1%}; with shuffled labels it would be "
            f"{_null(lab, ASKED_OF):.0%}."
        )
        lines = {"highest of 19 in 20": [b[1] for b in bands], "lowest": [b[0] for b in bands]}
        drawn = Curves(
            "Where do reports lie?",
            tuple(map(float, sizes)),
            {name: tuple(map(float, values)) for name, values in lines.items()},
            "pictures asked",
            "nearest has the same label",
            ("shuffled labels", _null(lab, ASKED_OF)),
            at=float(ASKED),
            log=True,
        )
        return Answer(choice, says, (drawn,))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The band of the chosen method and number."""
        hits = np.ones(len(lab.labelled(LEAST)), bool) if self.copies else _hits(lab, self.method)
        n = min(self.n, len(hits))
        low, high = _band(hits, n)
        title = METHODS[self.method].title
        blocks: list[Block] = [
            Bars(
                f"{title} on {n:,} pictures, in 19 of 20 draws",
                {"Lowest": low, "Over all pictures": float(hits.mean()), "Highest": high},
                "share whose nearest has the same label",
                ("shuffled labels", _null(lab, self.method)),
            )
        ]
        if self.copies:
            blocks.append(Says("Every picture is its own nearest neighbour: a perfect figure that measures nothing."))
        params = {"collection": lab.source, "section": "scores"}
        return (*blocks, GoOn("Score methods on the Compare page", "compare", params))


def _hits(lab: Lab, method: str) -> npt.NDArray[Any]:
    """(L,) whether the nearest picture of each labelled one has its label."""
    rows = lab.labelled(LEAST)
    return np.asarray(lab.label[lab.nearest(method, 1)[rows, 0]] == lab.label[rows])


def _null(lab: Lab, method: str) -> float:
    """The same with shuffled labels."""
    rows = lab.labelled(LEAST)
    label = np.random.default_rng(0).permutation(lab.label)
    return float((label[lab.nearest(method, 1)[rows, 0]] == label[rows]).mean())


def _band(hits: npt.NDArray[Any], n: int) -> tuple[float, float]:
    """The middle 95 % of the accuracies of samples of n different pictures."""
    random = np.random.default_rng(0)
    right = random.hypergeometric(int(hits.sum()), int((~hits).sum()), n, DRAWS) / n
    low, high = np.quantile(right, (0.025, 0.975))
    return float(low), float(high)
