"""Lesson 10: search ranks, copies need a limit, anomalies are far from everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons.blocks import Bars, Block, Curves, GoOn, Pictures, Shown
from imgsim.lessons.lab import Lab, Need, Space, distances
from imgsim.methods import METHODS
from imgsim.parameters import param

ASKED = 10
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
        "Each packaged photo comes in many edits: cropped, turned, recompressed, recoloured, with a caption. "
        "Two pictures shall count as copies when at most ten of the 64 bits of pHash differ."
    )
    question = "How many of the edits does this limit recognise as copies of their photo?"
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
        "the bottom are the photos that are farthest from their nearest one: what a detector of anomalies would report."
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

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """All photos and edits by the hash."""
        return (Space("phash"), Space(self.hash))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """One photo and its edits."""
        rows = np.flatnonzero(lab.collection.field("photo") == "coffee")
        ids = [lab.collection.ids[row] for row in rows]
        return tuple(
            Pictures("Edits of one photo" if not s else "", tuple(Shown(i, source=lab.source) for i in ids[s : s + 8]))
            for s in range(0, len(ids), 8)
        )

    def answer(self, lab: Lab) -> Answer:
        """Edits found and strangers let in, by limit."""
        own, strange, _ = _far(lab, "phash")
        share, wrong = float((own <= ASKED).mean()), float((strange <= ASKED).mean())
        choice = choice_of(share, ((0.4, "few"), (0.8, "half"), (1.0, "most")))
        says = (
            f"At most {ASKED} bits apart are {share:.0%} of {len(own)} edits from their photo, and {wrong:.2%} of "
            f"{len(strange):,} pairs of an edit and another photo."
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
            Bars(title, both, f"share of {len(own)} edits and of {len(strange):,} pairs of strangers"),
            _by_edit(lab, self.hash, self.limit),
            _odd(lab, self.hash),
            GoOn("Look at pairs round a limit on the Duplicates page", "duplicates", {"collection": lab.source}),
        )


def _far(lab: Lab, hash: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Bits from each edit to its own photo, from each edit to the other photos, and the kind of each edit."""
    photo, edit = lab.collection.field("photo"), lab.collection.field("edit")
    originals, edits = np.flatnonzero(edit == "original"), np.flatnonzero(edit != "original")
    vectors = np.asarray(lab.space(hash).vectors)
    far = distances(vectors[edits], vectors[originals], "hamming")
    own = photo[edits][:, None] == photo[originals][None]
    return far[own], far[~own], edit[edits]


def _by_edit(lab: Lab, hash: str, limit: int) -> Bars:
    own, _, kinds = _far(lab, hash)
    shares = {str(kind): float((own[kinds == kind] <= limit).mean()) for kind in dict.fromkeys(kinds)}
    ordered = dict(sorted(shares.items(), key=lambda item: item[1]))
    return Bars(f"Found at {limit} bits, by edit", ordered, "share of the edits of a kind")


def _odd(lab: Lab, hash: str) -> Pictures:
    rows = np.asarray(lab.originals())
    vectors = np.asarray(lab.space(hash).vectors)[rows]
    far = distances(vectors, vectors, "hamming")
    np.fill_diagonal(far, np.inf)
    nearest = far.min(axis=1)
    items = [
        Shown(lab.collection.ids[rows[i]], source=lab.source, tag=f"{int(nearest[i])}")
        for i in np.argsort(-nearest)[:6]
    ]
    return Pictures("Farthest from their nearest other photo, in bits", tuple(items))
