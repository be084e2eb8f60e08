"""Lesson 4: keypoints are described on their own, so a picture may turn; their arrangement is given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.images.transformations import TRANSFORMATIONS
from imgsim.lessons import LESSONS, Answer, Lesson, best_of
from imgsim.lessons.blocks import Bars, Block, Curves, GoOn, Pictures, Shown
from imgsim.lessons.lab import Kept, Lab, Need, found_again
from imgsim.methods import METHODS
from imgsim.parameters import param
from imgsim.progress import Progress
from imgsim.sights import SIGHTS
from imgsim.types import Image

ANGLES = (15, 45, 90)
ASKED = 90
SHOWN = 8
MOST = 16  # photos that are asked for
COMPARED = ("hog", "sift_bovw", "imgsim_mini")


@LESSONS.register
@dataclass(frozen=True)
class Keypoints(Lesson):
    """Photos turned by a right angle look for their originals by three methods."""

    id = "keypoints"
    number = 4
    title = "Points worth describing"
    minutes = 7
    story: ClassVar[str] = (
        "SIFT looks for corners and blobs, gives each its own size and direction, and describes the small patch around "
        "it in its own frame. A bag of words then only counts which kinds of patches occur; where they were is "
        "forgotten.\n\nHOG describes the whole picture in one frame. The network has learnt from photos, nearly all of "
        "which stood upright."
    )
    question = "Every photo is turned by 90 degrees. Which method finds most originals again?"
    choices: ClassVar[dict[str, str]] = {
        "hog": "HOG: outlines in their cells",
        "sift_bovw": "SIFT words: patches in their own frame",
        "imgsim_mini": "The network: it knows what things are",
    }
    why: ClassVar[str] = (
        "A SIFT patch turns with the picture, so the same words come out at any angle. HOG loses every cell at once. "
        "The network was never told that a picture may stand on its side; it copes as far as what it has learnt does "
        "not depend on what is up.\n\nWhat keypoints give up: colour, smooth things without corners, and the "
        "arrangement of the parts. Matching points in pairs and checking that they agree on one motion brings the "
        "arrangement back, at a price in time: see the Pair page."
    )
    task: ClassVar[str] = (
        "Other changes than turning: cover the photo, blur it, take its colour. Who leads now? Fewer words in the "
        "vocabulary: when do different photos become the same bag?"
    )
    takeaway = (
        "Local patches, each in its own frame, survive turning, scaling and being partly hidden.",
        "No method is best against every change; choose by the changes that your pictures undergo.",
    )
    references = (
        "Lowe 2004, Distinctive image features from scale-invariant keypoints, doi:10.1023/B:VISI.0000029664.99615.94",
        "Sivic, Zisserman 2003, Video Google, doi:10.1109/ICCV.2003.1238663",
    )

    change: str = param(
        "rotation", "What is done to the photos.", choices=("rotation", "crop", "blur", "occlusion", "grey", "mirror")
    )
    degree: int = param(2, "How strongly, from 1, the weakest, to 3.", minimum=1, maximum=3)
    words: int = param(256, "Words in the vocabulary of SIFT.", choices=(16, 64, 256))

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """By angle for the answer, by the chosen change for the dials."""
        return (_turned(), self._changed())

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Photos, turned, and the points that SIFT finds."""
        images = [lab.image(row) for row in lab.originals()[:SHOWN]]
        ids = [lab.collection.ids[row] for row in lab.originals()[:SHOWN]]
        points = SIGHTS["points"]()
        turned = [TRANSFORMATIONS["rotation"].apply(image, ASKED) for image in images]
        sift = METHODS.create("sift_bovw")
        return (
            Pictures("Turned by 90 degrees", tuple(Shown(f"{i}, turned", t) for i, t in zip(ids, turned, strict=True))),
            Pictures(
                "What SIFT describes: points with their size and direction",
                tuple(Shown(f"points of {i}", points.draw(sift, t)) for i, t in zip(ids, turned, strict=True)),
            ),
        )

    def answer(self, lab: Lab) -> Answer:
        """The shares by angle."""
        kept = _turned().make(lab)
        at = {name: float(kept[name][ANGLES.index(ASKED)]) for name in COMPARED}
        n = len(lab.originals()[:MOST])
        said = ", ".join(f"{METHODS[name].title} {share:.0%}" for name, share in at.items())
        drawn = Curves(
            "Does a turned photo find its original?",
            tuple(float(a) for a in ANGLES),
            {METHODS[name].title: tuple(map(float, kept[name])) for name in COMPARED},
            "turned by, degrees",
            f"share of {n} pictures",
            ("guessing", 1 / n),
            at=float(ASKED),
        )
        best, also = best_of(at)
        return Answer(best, f"At {ASKED} degrees: {said}. Guessing finds {1 / n:.0%}.", (drawn,), also)

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The shares under the chosen change."""
        kept = self._changed().make(lab)
        one, n = TRANSFORMATIONS[self.change], len(lab.originals()[:MOST])
        strength = self._strength()
        shown = [lab.image(row) for row in lab.originals()[:SHOWN]]
        return (
            Bars(
                f"Found again after: {one.title.lower()}, {strength:g} {one.unit}",
                {METHODS[name].title: float(kept[name][0]) for name in COMPARED},
                f"share of {n} pictures",
                ("guessing", 1 / n),
            ),
            Pictures("What they are given", tuple(Shown("changed", one.apply(image, strength)) for image in shown)),
            GoOn("Check points in pairs on the Pair page", "pair", {"collection": lab.source}),
        )

    def _strength(self) -> float:
        levels = TRANSFORMATIONS[self.change].levels
        return levels[round((self.degree - 1) / 2 * (len(levels) - 1))]

    def _changed(self) -> Kept:
        strength = self._strength()
        return Kept(
            "keypoints_changed",
            lambda lab, progress: _shares(lab, self.change, (strength,), self.words, progress),
            (("change", self.change), ("strength", strength), ("words", self.words)),
        )


def _turned() -> Kept:
    return Kept("keypoints_turned", lambda lab, progress: _shares(lab, "rotation", ANGLES, 256, progress))


def _shares(
    lab: Lab, change: str, strengths: Sequence[float], words: int, progress: Progress
) -> dict[str, npt.NDArray[Any]]:
    """By method the share found again at each strength."""
    images = lab.images(lab.originals()[:MOST])
    specs = {"hog": "hog", "sift_bovw": f"sift_bovw:words={words},keypoints=200", "imgsim_mini": "imgsim_mini"}
    found: dict[str, npt.NDArray[Any]] = {}
    for done, (name, spec) in enumerate(specs.items()):
        progress("Looking for changed photos", done, len(specs))
        method = METHODS.parse(spec)
        if method.needs_fit:
            method = method.fit([method.prepare(image) for image in images])
        found[name] = np.array([found_again(method, images, _changed(images, change, s)).mean() for s in strengths])
    progress("Looking for changed photos", len(specs), len(specs))
    return found


def _changed(images: Sequence[Image], change: str, strength: float) -> list[Image]:
    return [TRANSFORMATIONS[change].apply(image, strength) for image in images]
