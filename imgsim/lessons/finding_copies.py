"""Lesson 10: search ranks, copies need a limit, anomalies are far from everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.images.edits import EDITS
from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons.blocks import Bars, Block, Curves, GoOn, Pictures, Shown
from imgsim.lessons.lab import Kept, Lab, Need, Space, distances
from imgsim.methods import METHODS
from imgsim.parameters import param
from imgsim.progress import Progress

ASKED = 10
MOST = 24  # pictures of another collection that are edited
LIMITS = tuple(range(0, 33, 2))


@LESSONS.register
@dataclass(frozen=True)
class FindingCopies(Lesson):
    """How many edits of a photo a limit on pHash finds, and how many strangers it lets in."""

    id = "finding_copies"
    number = 10
    title = "Search, copies, anomalies"
    minutes = 8
    story: ClassVar[str] = (
        "Three tasks, one distance. *Search* only needs the order: nearest first. *Finding copies* needs a limit: "
        "closer than this is a copy. *Anomalies* turn it round: what is far from everything is odd.\n\n"
        "Each picture comes in many edits: cropped, turned, recompressed, recoloured, with a caption. "
        "Two pictures shall count as copies when at most ten of the 64 bits of pHash differ."
    )
    question = "How many of the edits does this limit recognise as copies of their original?"
    choices: ClassVar[dict[str, str]] = {
        "most": "Nearly all: more than eight in ten",
        "half": "Four to eight in ten",
        "few": "Fewer than four in ten",
    }
    why: ClassVar[str] = (
        "A limit divides, and both sides of it can be wrong: edits that are lost, strangers that are let in. Raising "
        "it trades one for the other, and where the trade is good depends on the edits that occur and on how much a "
        "wrong answer costs. So a limit is chosen on pairs that somebody has looked at, not taken from a paper.\n\n"
        "The edits that are lost are not the ones that look worst: they are those the hash was not made for."
    )
    task: ClassVar[str] = (
        "Raise the limit until the first strangers come in. Which edits are still lost there? Take another hash. At "
        "the bottom are the pictures that are farthest from their nearest one: what a detector of anomalies reports."
    )
    takeaway = (
        "Search needs an order, copies need a limit, and a limit has two kinds of mistakes.",
        "Choose it on pairs from your own pictures, by what a mistake costs.",
    )
    references = (
        "Douze et al. 2021, The 2021 image similarity dataset and challenge, arXiv:2106.09672",
        "Roth et al. 2022, Towards total recall in industrial anomaly detection, arXiv:2106.08265",
    )

    limit: int = param(ASKED, "Most bits that may differ between copies, of 64.", minimum=0, maximum=32)
    hash: str = param("phash", "Which hash.", choices=("phash", "dhash", "ahash", "whash"))

    def needs(self, lab: Lab) -> Sequence[Need]:
        """All pictures and edits by the hash."""
        if _packaged(lab):
            return (Space("phash"), Space(self.hash))
        return (_made("phash"), _made(self.hash))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """One picture and its edits."""
        return (Pictures("Edits of one picture", tuple(_edits_of_one(lab))),)

    def answer(self, lab: Lab) -> Answer:
        """Edits found and strangers let in, by limit."""
        own, strange, _ = _far(lab, "phash")
        share, wrong = float((own <= ASKED).mean()), float((strange <= ASKED).mean())
        choice = choice_of(share, ((0.4, "few"), (0.8, "half"), (1.0, "most")))
        says = (
            f"At most {ASKED} bits apart are {share:.0%} of {len(own):,} edits from their original, and {wrong:.2%} of "
            f"{len(strange):,} pairs of an edit and another picture."
        )
        drawn = Curves(
            "What does a limit find?",
            tuple(float(limit) for limit in LIMITS),
            {
                "edits found": tuple(float((own <= limit).mean()) for limit in LIMITS),
                "strangers let in": tuple(float((strange <= limit).mean()) for limit in LIMITS),
            },
            "limit, bits of 64",
            "share",
            at=float(ASKED),
        )
        return Answer(choice, says, (drawn, _by_edit(lab, "phash", ASKED)))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """Edits found at the chosen limit, by kind, and the odd ones."""
        own, strange, _ = _far(lab, self.hash)
        title = f"{METHODS[self.hash].title}, at most {self.limit} bits apart"
        both = {
            "Edits found": float((own <= self.limit).mean()),
            "Strangers let in": float((strange <= self.limit).mean()),
        }
        return (
            Bars(title, both, f"share of {len(own):,} edits and of {len(strange):,} pairs of strangers"),
            _by_edit(lab, self.hash, self.limit),
            _odd(lab, self.hash),
            GoOn("Look at pairs round a limit on the Duplicates page", "duplicates", {"collection": lab.source}),
        )


def _far(lab: Lab, hash: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Bits from each edit to its own original, from each edit to the others, and the kind of each edit."""
    if not _packaged(lab):
        kept = _made(hash).make(lab)
        return kept["own"], kept["strange"], kept["kinds"]
    photo, edit = lab.collection.field("photo"), lab.collection.field("edit")
    originals, edits = np.flatnonzero(edit == "original"), np.flatnonzero(edit != "original")
    vectors = np.asarray(lab.space(hash).vectors)
    far = distances(vectors[edits], vectors[originals], "hamming")
    own = photo[edits][:, None] == photo[originals][None]
    return far[own], far[~own], edit[edits]


def _by_edit(lab: Lab, hash: str, limit: int) -> Bars:
    own, _, kinds = _far(lab, hash)
    shares = {_named(kind): float((own[kinds == kind] <= limit).mean()) for kind in dict.fromkeys(kinds)}
    ordered = dict(sorted(shares.items(), key=lambda item: item[1]))
    return Bars(f"Found at {limit} bits, by edit", ordered, "share of the edits of a kind")


def _named(kind: str) -> str:
    return "JPEG" if kind == "jpeg" else str(kind).capitalize()


def _odd(lab: Lab, hash: str) -> Pictures:
    rows = np.asarray(lab.originals(MOST))
    vectors = np.asarray(lab.space(hash).vectors)[rows] if _packaged(lab) else _made(hash).make(lab)["originals"]
    far = distances(vectors, vectors, "hamming")
    np.fill_diagonal(far, np.inf)
    nearest = far.min(axis=1)
    items = [
        Shown(lab.collection.ids[rows[i]], source=lab.source, tag=f"{int(nearest[i])}")
        for i in np.argsort(-nearest)[:6]
    ]
    return Pictures("Farthest from their nearest other picture, in bits", tuple(items))


def _packaged(lab: Lab) -> bool:
    """Whether the edits are in the collection; they are made of any other."""
    return lab.source == "builtin:photos"


def _edits_of_one(lab: Lab) -> list[Shown]:
    if _packaged(lab):
        rows = np.flatnonzero(lab.collection.field("photo") == "coffee")
        return [Shown(lab.collection.ids[row], source=lab.source) for row in rows]
    row = lab.originals(MOST)[0]
    name, image = lab.collection.ids[row], lab.image(row)
    return [Shown(f"{name}, {kind}", edit.apply(image)) for kind, edit in EDITS.items()]


def _made(hash: str) -> Kept:
    return Kept("copies_made", lambda lab, progress: _make(lab, hash, progress), (("hash", hash), ("most", MOST)))


def _make(lab: Lab, hash: str, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    """Bits between a sample of the collection and the edits that the packaged photos have, made of it now."""
    method, rows = METHODS.create(hash), lab.originals(MOST)
    images = lab.images(rows)
    originals = method.embed(images)
    edits = {name: edit for name, edit in EDITS.items() if name != "original"}
    own, strange = [], []
    for done, image in enumerate(images):
        progress("Editing pictures", done, len(images))
        far = distances(method.embed([edit.apply(image) for edit in edits.values()]), originals, "hamming")
        own.append(far[:, done])
        strange.append(np.delete(far, done, axis=1).ravel())
    progress("Editing pictures", len(images), len(images))
    kinds = np.array([edit.kind for edit in edits.values()] * len(images))
    return {"own": np.concatenate(own), "strange": np.concatenate(strange), "kinds": kinds, "originals": originals}
