"""Which edits does a method see through, told by a collection that already holds them: nothing is transformed.

A collection knows its edits when its images have the fields `photo` and `edit`, and one image of each photo has the
edit `original`. Every other image looks for the original of its photo among the images of all other photos; its
fellow edits and exact copies of the original are no rivals. `builtin:photos` is such a collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imgsim import neighbors
from imgsim.errors import InputError
from imgsim.evaluation.robustness import own_ranks
from imgsim.pipeline import Pipeline
from imgsim.robustness.points import Point, point
from imgsim.types import Collection, Embeddings, Ints

ORIGINAL = "original"
MOST = 5000  # images of a collection that is looked at without being asked: all pairs of them take a second


@dataclass(frozen=True)
class KnownEdit(Point):
    """One method on one edit at one strength, as the fields of the collection name them.

    Attributes:
        n_images: how many images have this edit.
        recall_by_chance: recall@1 of a method that guesses.
    """

    n_images: int
    recall_by_chance: float


def knows_its_edits(collection: Collection) -> bool:
    """Whether `known_edits` has something to say of a collection."""
    if not {"photo", "edit"} <= set(collection.fields):
        return False
    asking, _ = _pairs(collection)
    return bool(len(asking)) and len(np.unique(collection.field("photo").astype(str))) > 1


def known_edits(pipeline: Pipeline, collection: Collection, spaces: Sequence[Embeddings]) -> list[KnownEdit]:
    """Each method, then each edit in the order of the collection, then each strength.

    Raises:
        InputError: the collection has no `photo`, `edit` and originals to look for.
    """
    if not knows_its_edits(collection):
        raise InputError(
            f"{collection.name} must have the fields photo and edit with an {ORIGINAL} of two photos, got "
            f"{', '.join(collection.fields) or 'no fields'}; measure without known edits."
        )
    return [row for space in spaces for row in _of_space(pipeline, collection, space)]


def _of_space(pipeline: Pipeline, collection: Collection, space: Embeddings) -> list[KnownEdit]:
    asking, own = _pairs(collection)
    photos, hashes = collection.field("photo").astype(str), np.asarray(collection.hashes)
    counts = (photos[asking][:, None] != photos) & (hashes[own][:, None] != hashes)
    far = neighbors.DistanceBlocks(np.asarray(space.vectors), space.metric)(asking)
    to_own = far[np.arange(len(asking)), own]
    ranks = own_ranks(to_own, far, counts)
    alike = neighbors.similarity(to_own, space.metric, space.dim)
    closer = pipeline.percentiles(space, to_own)
    chance = 1 / (1 + float(counts.sum(axis=1).mean()))
    method, found = pipeline.embedding_facts(space)["spec"], []
    for (edit, strength), at in _groups(collection, asking).items():
        of_edit = point(method, edit, strength, ranks[at], alike[at], closer[at])
        found.append(KnownEdit(**vars(of_edit), n_images=len(at), recall_by_chance=chance))
    return found


def _pairs(collection: Collection) -> tuple[Ints, Ints]:
    """(Q,) rows of the edited images, and (Q,) rows of the originals of their photos."""
    photos, edits = collection.field("photo").astype(str), collection.field("edit").astype(str)
    originals = {photos[row]: row for row in np.flatnonzero(edits == ORIGINAL)[::-1]}
    asking = [row for row in np.flatnonzero(edits != ORIGINAL) if photos[row] in originals and edits[row]]
    return np.asarray(asking, np.int32), np.asarray([originals[photos[row]] for row in asking], np.int32)


def _groups(collection: Collection, asking: Ints) -> dict[tuple[str, float], list[int]]:
    """Places in `asking` by edit and strength: edits in the order of the collection, strengths ascending."""
    edits = collection.field("edit").astype(str)[asking]
    known = "strength" in collection.fields and collection.field("strength").dtype.kind == "f"
    strengths = collection.field("strength")[asking] if known else np.zeros(len(asking))
    groups: dict[tuple[str, float], list[int]] = {}
    for at, (edit, strength) in enumerate(zip(edits, strengths, strict=True)):
        groups.setdefault((str(edit), float(strength)), []).append(at)
    order = list(dict.fromkeys(edit for edit, _ in groups))
    return dict(sorted(groups.items(), key=lambda item: (order.index(item[0][0]), item[0][1])))
