"""Lesson 5: a perceptual hash is a picture in 64 yes-or-no answers, made to find copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.images.transformations import TRANSFORMATIONS
from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons.blocks import Bars, Block, GoOn, Pictures, Shown
from imgsim.lessons.lab import Lab, distances
from imgsim.methods import METHODS
from imgsim.parameters import param
from imgsim.sights import SIGHTS
from imgsim.types import Float, Image

SHOWN = 8
SAID = {
    "jpeg": "A bad JPEG",
    "brightness": "Half the light",
    "blur": "A little blur",
    "crop": "Cropped by a tenth",
    "caption": "A caption",
    "mirror": "Mirrored",
}
CHANGES = {"jpeg": 92.0, "brightness": -50.0, "blur": 2.0, "crop": 10.0, "caption": 18.0, "mirror": 1.0}


@LESSONS.register
@dataclass(frozen=True)
class Hashes(Lesson):
    """How many bits of pHash change when a picture is saved badly, cropped or mirrored."""

    id = "hashes"
    number = 5
    title = "A picture in 64 bits"
    minutes = 6
    story: ClassVar[str] = (
        "To find copies among millions of pictures one needs something short. pHash keeps the slowest waves of the "
        "grey picture, and of each only whether it is above the median: 64 yes-or-no answers. Two pictures are "
        "compared by counting the answers that differ.\n\n"
        "Of two pictures that have nothing to do with each other about half of the answers differ, as of coin tosses."
    )
    question = "A photo is mirrored, left for right. How many of its 64 bits change?"
    choices: ClassVar[dict[str, str]] = {
        "few": "Hardly any, up to 6: nothing was lost",
        "some": "Some, 7 to 20",
        "half": "As many as of another photo: more than 20",
    }
    why: ClassVar[str] = (
        "A mirror turns every second wave upside down. To the eye nothing is lost; to the hash it is another picture. "
        "Saving as a bad JPEG, or halving the light, changes what the eye notices at once, and almost no bit.\n\n"
        "A hash is made for the copies that occur: recompressed, resized, a little brighter. What it was not made for, "
        "such as a mirror or a crop, is a hole, and people who want to slip through know it."
    )
    task: ClassVar[str] = (
        "Take a change and raise its strength until the hash gives up: the dashed line is what two different photos "
        "differ by. Then another hash. Which change does none of them survive?"
    )
    takeaway = (
        "A hash finds copies in the blink of an eye, for the changes it was made for.",
        "Far apart by a hash means: not a copy that this hash can see. It never means: not alike.",
    )
    references = (
        "Zauner 2010, Implementation and benchmarking of perceptual image hash functions, phash.org",
        "Hao, Luo, Jan et al. 2021, It's not what it looks like, doi:10.1145/3460120.3484559",
    )

    change: str = param("crop", "What is done to the photos.", choices=(*CHANGES, "rotation", "hue", "noise"))
    percent: int = param(10, "How strongly, in % of the most that is allowed.", minimum=0, maximum=100)
    hash: str = param("phash", "Which hash.", choices=("phash", "dhash", "ahash", "whash"))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Photos, mirrored, and the bits of both."""
        rows = lab.originals()[:SHOWN]
        images, ids = lab.images(rows), [lab.collection.ids[row] for row in rows]
        bits, phash = SIGHTS["bits"](), METHODS.create("phash")
        mirrored = [TRANSFORMATIONS["mirror"].apply(image, 1) for image in images]
        return (
            Pictures("Photos", tuple(Shown(id, source=lab.source) for id in ids)),
            Pictures(
                "All that pHash keeps of each",
                tuple(Shown(f"bits of {i}", bits.draw(phash, image)) for i, image in zip(ids, images, strict=True)),
            ),
            Pictures("Mirrored", tuple(Shown(f"{i}, mirrored", m) for i, m in zip(ids, mirrored, strict=True))),
        )

    def answer(self, lab: Lab) -> Answer:
        """Mean bits by change, beside what two photos differ by."""
        images, method = lab.images(lab.originals()), METHODS.create("phash")
        means = {kind: float(_bits(images, "phash", kind, s).mean()) for kind, s in CHANGES.items()}
        apart = _apart(images, "phash")
        choice = choice_of(means["mirror"], ((6, "few"), (20, "some"), (64, "half")))
        says = (
            f"A mirror changes {means['mirror']:.1f} of {method.dim} bits on average, two different photos differ in "
            f"{apart:.1f}. A bad JPEG changes {means['jpeg']:.1f}, half the light {means['brightness']:.1f}."
        )
        named = {SAID[kind]: mean for kind, mean in means.items()}
        bars = Bars("How many bits does each change?", named, "bits of 64", ("two photos", apart), share=False)
        return Answer(choice, says, (bars,))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """Bits changed in each of a few photos."""
        rows = lab.originals()
        images = lab.images(rows)
        one = TRANSFORMATIONS[self.change]
        strength = one.low + (one.high - one.low) * self.percent / 100 if one.low >= 0 else one.low * self.percent / 100
        changed, apart = _bits(images, self.hash, self.change, strength), _apart(images, self.hash)
        shown = [
            Shown(f"{lab.collection.ids[row]}: {int(n)} bits", one.apply(image, strength), tag=f"{int(n)}")
            for row, image, n in list(zip(rows, images, changed, strict=True))[:SHOWN]
        ]
        title = f"{METHODS[self.hash].title} after: {one.title.lower()}, {strength:.3g} {one.unit}"
        return (
            Bars(
                title,
                {"Mean": float(changed.mean()), "Most": float(changed.max()), "Fewest": float(changed.min())},
                f"bits of 64, over {len(images)} pictures",
                ("two photos", apart),
                share=False,
            ),
            Pictures("Bits changed in each", tuple(shown)),
            GoOn("Find copies on the Duplicates page", "duplicates", {"collection": lab.source}),
        )


def _bits(images: list[Image], hash: str, change: str, strength: float) -> Float:
    """(N,) bits that differ from the unchanged picture."""
    method, one = METHODS.create(hash), TRANSFORMATIONS[change]
    changed = method.embed([one.apply(image, strength) for image in images])
    return np.asarray((changed != method.embed(images)).sum(axis=1), np.float32)


def _apart(images: list[Image], hash: str) -> float:
    """Mean bits between two different pictures."""
    method = METHODS.create(hash)
    vectors = method.embed(images)
    return float(distances(vectors, vectors, "hamming")[np.triu_indices(len(images), 1)].mean())
