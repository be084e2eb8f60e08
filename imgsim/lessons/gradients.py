"""Lesson 3: gradients see outlines in any colour, as long as nobody turns them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim import neighbors
from imgsim.images.sources.shapes import draw, factors
from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons._sharing import chance, shared, sharing_bars
from imgsim.lessons.blocks import Bars, Block, Curves, GoOn, Pictures, Shown
from imgsim.lessons.lab import Kept, Lab, Need, Space
from imgsim.methods import METHODS
from imgsim.parameters import param
from imgsim.progress import Progress
from imgsim.types import Image

Bools = npt.NDArray[np.bool_]

ASKED = 45  # degrees in the question
ANGLES = (0, 5, 10, 20, 30, 45, 60, 90)
QUERIES = 64
SHOWN = 8
K = 10  # neighbours


@LESSONS.register
@dataclass(frozen=True)
class Gradients(Lesson):
    """Turned shapes look for a picture of the same shape, by HOG."""

    id = "gradients"
    number = 3
    title = "Edges and their directions"
    minutes = 7
    source = "builtin:shapes"
    fixed = "Stays on the drawn shapes: they can be drawn anew at any angle, and the shape of each is known."
    story: ClassVar[str] = (
        "HOG looks at edges only: the picture is cut into cells, and each cell notes how much edge there is in which "
        "direction. Colour is gone before it starts, brightness is divided out.\n\n"
        "Every drawn shape is already tilted a little, up to fifteen degrees either way. Now we tilt some of them by "
        "another 45 degrees and ask for the nearest picture."
    )
    question = "How often does a shape that is turned by 45 degrees still find the same shape, by HOG?"
    choices: ClassVar[dict[str, str]] = {
        "always": "Nearly always: the outline is the same",
        "half": "Between three and seven times in ten",
        "chance": "Hardly more than by chance",
    }
    why: ClassVar[str] = (
        "HOG describes an edge by its direction and its cell. Turning a shape changes both at once. It forgives as "
        "much as a cell and a step of direction are wide, and no more. Round shapes do not notice, as they look the "
        "same at any angle.\n\n"
        "In return, colour means nothing to it: its neighbours come in every colour."
    )
    task: ClassVar[str] = (
        "Find the angle at which it breaks. Make cells larger: they forgive more, and confuse more. Then compare with "
        "colours, which do not know what an angle is, and with the network, which has seen things at many angles."
    )
    takeaway = (
        "Gradients see the outline in any colour and light, at the place and angle where it stands.",
        "A cell is the tolerance: large cells forgive small changes, and tell less apart.",
    )
    references = ("Dalal, Triggs 2005, Histograms of oriented gradients, doi:10.1109/CVPR.2005.177",)

    angle: int = param(ASKED, "How far the shapes are turned, in degrees.", minimum=0, maximum=60)
    cell: int = param(16, "Side of a cell of HOG in pixels, of 128.", choices=(8, 16, 32))
    method: str = param("hog", "What compares them.", choices=("hog", "color_histogram", "imgsim_mini"))

    @property
    def _spec(self) -> str:
        return f"hog:cell={self.cell}" if self.method == "hog" else self.method

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """All shapes by the method."""
        return (Space(self._spec), _by_angle())

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Some shapes and the same turned."""
        rows = lab.sample(SHOWN)
        names = [lab.collection.ids[row] for row in rows]
        turned = [Shown(f"{n}, turned", _turned(lab, r, ASKED)) for n, r in zip(names, rows, strict=True)]
        return (
            Pictures("Shapes", tuple(Shown(name, source=lab.source) for name in names)),
            Pictures("Turned by 45 degrees", tuple(turned)),
        )

    def answer(self, lab: Lab) -> Answer:
        """How often the shape is found, by angle, and what neighbours share."""
        rows = lab.sample(QUERIES)
        curve = tuple(map(float, _by_angle().make(lab)["share"]))
        share, random = curve[ANGLES.index(ASKED)], chance(lab)["shape"]
        choice = choice_of(share, ((0.3, "chance"), (0.7, "half"), (1, "always")))
        colour = shared(lab, self._spec, K)["colour"]
        says = (
            f"Turned by {ASKED} degrees, {share:.0%} of {len(rows)} shapes find the same shape; two random pictures "
            f"share it in {random:.0%}. Unturned it is {curve[0]:.0%}. Its neighbours have the same colour in "
            f"{colour:.0%}, random ones in {chance(lab)['colour']:.0%}."
        )
        drawn = Curves(
            "Does a turned shape find its kind?",
            tuple(float(a) for a in ANGLES),
            {"HOG": curve},
            "turned by, degrees",
            f"share of {len(rows)} shapes",
            ("two random pictures", random),
            at=float(ASKED),
        )
        return Answer(choice, says, (drawn, sharing_bars(lab, self._spec, K)))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """By shape who is found at the chosen angle."""
        rows = lab.sample(QUERIES)
        hits, shape = _hits(lab, self._spec, rows, self.angle), lab.collection.field("shape")[rows]
        by_shape = {str(name): float(hits[shape == name].mean()) for name in dict.fromkeys(shape)}
        first = [int(np.flatnonzero(shape == name)[0]) for name in by_shape]
        shown = tuple(
            Shown(str(shape[i]), _turned(lab, rows[i], self.angle), mark="hit" if hits[i] else "miss") for i in first
        )
        title = METHODS.parse(self._spec).title
        return (
            Bars(
                f"Same shape found at {self.angle} degrees, by {title}: {hits.mean():.0%}",
                by_shape,
                f"share of the {len(rows)} asked, by shape",
                ("two random pictures", chance(lab)["shape"]),
            ),
            Pictures("One of each, and whether its nearest is of its kind", shown),
            GoOn("Try other changes on the Robustness page", "robustness", {"collection": lab.source}),
        )


def _by_angle() -> Kept:
    return Kept("gradients", _compute)


def _compute(lab: Lab, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    rows, shares = lab.sample(QUERIES), []
    for done, angle in enumerate(ANGLES):
        progress("Turning shapes", done, len(ANGLES))
        shares.append(_hits(lab, "hog", rows, angle).mean())
    progress("Turning shapes", len(ANGLES), len(ANGLES))
    return {"share": np.array(shares)}


def _turned(lab: Lab, row: int, angle: float) -> Image:
    """The shape, drawn anew at another angle."""
    was = factors()[lab.collection.ids[row]]
    return draw(dataclasses.replace(was, rotation=was.rotation + angle))


def _hits(lab: Lab, spec: str, rows: Sequence[int], angle: float) -> Bools:
    """(Q,) whether the nearest picture of each turned shape, its own left out, is of the same shape."""
    space, shape = lab.space(spec), lab.collection.field("shape")
    turned = lab.ready(spec).embed([_turned(lab, row, angle) for row in rows])
    near = neighbors.search(space.vectors, turned, space.metric, 2)[0]
    own = np.asarray(rows)
    return np.asarray(shape[np.where(near[:, 0] == own, near[:, 1], near[:, 0])] == shape[own])
