"""Which pictures are transformed, and which images are their rivals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Collection

N_RIVALS = 2000  # most images among which each looks for its original

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """Which pictures are transformed, and who their rivals are.

    Attributes:
        rows: (S,) rows of the pictures.
        rivals: (M,) rows that are searched.
        counts: (S, M) whether a rival counts for a picture: it is no copy and of another family.
    """

    rows: Rows
    rivals: Rows
    counts: npt.NDArray[np.bool_]


def family_field(collection: Collection) -> str:
    """The field that says which images are edits of one photo, where a collection has it; else ""."""
    return "photo" if {"photo", "edit"} <= set(collection.fields) else ""


def choose(collection: Collection, n_images: int, same: str = "", seed: int = 0) -> Sample:
    """A seeded sample of at most `n_images`, one a family where `same` names a field, and its rivals.

    Raises:
        InputError: fewer than one picture is asked for, or the collection has no two images to tell apart.
        UnknownIdError: no field `same`.
    """
    if n_images < 1:
        raise InputError(f"images must be 1 or more, got {n_images}; ask for some.")
    families = collection.field(same).astype(str) if same else np.asarray(collection.hashes)
    _, first = np.unique(families, return_index=True)
    if len(first) < 2:
        raise InputError(f"{collection.name} must have two different images, got {len(first)}; add images to it.")
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(first)[:n_images])
    others = random.permutation(np.setdiff1d(np.arange(len(collection)), rows))
    asked = np.sort(np.concatenate([rows, others[: max(0, N_RIVALS - len(rows))]]))
    return Sample(rows, asked, rivals(collection, rows, asked, same))


def rivals(collection: Collection, rows: Rows, asked: Rows, same: str = "") -> npt.NDArray[np.bool_]:
    """(S, M) whether each of M images is a rival of a picture: neither it nor its copy nor of its family."""
    hashes = np.asarray(collection.hashes)
    counts = hashes[rows][:, None] != hashes[asked]
    if same:
        families = collection.field(same).astype(str)
        counts &= families[rows][:, None] != families[asked]
    return np.asarray(counts)
