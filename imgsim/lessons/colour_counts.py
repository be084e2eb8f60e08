"""Lesson 2: a colour histogram counts colours and forgets what they form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from imgsim.lessons import LESSONS, Answer, Lesson
from imgsim.lessons._sharing import chance, nearest_row, shared, sharing_bars
from imgsim.lessons.blocks import Block, GoOn, Pictures, Shown
from imgsim.lessons.lab import Lab, Need, Space
from imgsim.parameters import param

K = 10
FIRST = "star_blue_00"


@LESSONS.register
@dataclass(frozen=True)
class ColourCounts(Lesson):
    """What the nearest of the drawn shapes have in common, by colour histogram."""

    id = "colour_counts"
    number = 2
    title = "Counting colours"
    minutes = 5
    source = "builtin:shapes"
    fixed = "Stays on the drawn shapes: only there is it known which shape and which colour every picture has."
    story: ClassVar[str] = (
        "Give up places altogether: count how many pixels have which colour, and compare the counts. Moving or turning "
        "a thing changes nothing in the counts.\n\n"
        "The drawn shapes have eight forms in six colours, plain, striped or dotted, on three greys. All is varied "
        "independently, so we know exactly what two pictures share."
    )
    question = "Look at the ten nearest pictures of a blue star by colour histogram. What do they share with it?"
    choices: ClassVar[dict[str, str]] = {
        "shape": "Mostly the shape: they are stars of any colour",
        "both": "Both: they are blue stars",
        "colour": "Mostly the colour: they are blue things of any shape",
    }
    why: ClassVar[str] = (
        "A histogram says how much of each colour there is. A blue star and a blue heart of about the same size on the "
        "same grey have the same counts. It even prefers a heart of the right size to a star of another one.\n\n"
        "That is what invariance costs: a method that cannot be disturbed by places cannot see shape."
    )
    task: ClassVar[str] = (
        "Give the histogram a grid: it then counts in each cell on its own, and places come back in. Take fewer bins "
        "until blue and purple are one colour. When does the shape begin to count?"
    )
    takeaway = (
        "A colour histogram sees which colours and how much of each; where they are and what they form is lost.",
        "What a method does not care about, it also cannot tell apart.",
    )
    references = ("Swain, Ballard 1991, Color indexing, doi:10.1007/BF00130487",)

    bins: int = param(8, "Steps a channel of the histogram.", choices=(2, 4, 8, 16))
    grid: int = param(1, "Cells a side in which colours are counted.", minimum=1, maximum=4)
    space: str = param("hsv", "Colour space.", choices=("rgb", "hsv", "lab"))

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """The histograms of all shapes."""
        return (Space(self._spec),)

    @property
    def _spec(self) -> str:
        return f"color_histogram:bins={self.bins},grid={self.grid},space={self.space}"

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """The star, and some of the others."""
        ids = [lab.collection.ids[row] for row in lab.sample(14)]
        return (
            Pictures("The blue star", (Shown(FIRST, source=lab.source),)),
            Pictures("Some of the others", tuple(Shown(id, source=lab.source) for id in ids)),
        )

    def answer(self, lab: Lab) -> Answer:
        """What the nearest share, and with which star."""
        mine = shared(lab, self._spec, K, FIRST)
        everyone = shared(lab, self._spec, K)
        gap = {name: mine[name] - chance(lab)[name] for name in ("shape", "colour")}
        both = min(gap.values()) > 0.5
        choice = "both" if both else max(gap, key=lambda name: gap[name])
        says = (
            f"Of the {K} nearest of the star, {mine['colour']:.0%} have its colour and {mine['shape']:.0%} its shape. "
            f"Over all {len(lab.collection):,} pictures it is {everyone['colour']:.0%} and {everyone['shape']:.0%}; "
            f"two random pictures share the shape in {chance(lab)['shape']:.0%}."
        )
        return Answer(choice, says, (nearest_row(lab, self._spec, K, FIRST), sharing_bars(lab, self._spec, K)))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The same with other bins, grid and space."""
        return (
            nearest_row(lab, self._spec, K, FIRST),
            sharing_bars(lab, self._spec, K),
            GoOn(
                "Go on on its map", "explore", {"collection": lab.source, "method": self._spec, "color": "field:colour"}
            ),
        )
