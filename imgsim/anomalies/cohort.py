"""Who is normal, who belongs together, and in which part of the cross-fit each picture is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Collection, Field

FEWEST = 4  # normal pictures
FOLDS = 5
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
USUAL = ("normal", "good", "ok", "free", "healthy", "negative", "no", "0")  # what normal pictures are often called


@dataclass(frozen=True, eq=False)
class Cohort:
    """N pictures of one or two collections, and what is known of them.

    Attributes:
        normal: (N,) those that the detector may learn from.
        truth: (N,) 1 anomalous, 0 normal, -1 not known.
        groups: (N,) pictures of one group are never on both sides of a split.
        folds: (N,) the part in which each is judged, by a detector that has learnt from the other parts.
        n_folds: how many parts; 1 where groups are too few to split.
    """

    normal: Bools
    truth: Codes
    groups: Codes
    folds: Codes
    n_folds: int


def cohort(normal: Bools, truth: Codes, groups: Codes, *, n_folds: int = FOLDS, seed: int = 0) -> Cohort:
    """Groups dealt to parts so that each has about as many normal pictures, then about as many others.

    Raises:
        InputError: there are too few normal pictures, or all of them are one group.
    """
    count = int(normal.sum())
    if count < FEWEST:
        raise InputError(f"normal pictures must be at least {FEWEST} to learn from, got {count}; choose more of them.")
    n_groups = len(np.unique(groups[normal]))
    if n_groups < 2:
        raise InputError(
            f"normal pictures must be of at least 2 groups, got 1 with {count} pictures; choose another group field."
        )
    n_folds = min(n_folds, n_groups)
    return Cohort(normal, truth, groups, _deal(groups, normal, n_folds, seed), n_folds)


def _deal(groups: Codes, normal: Bools, n_folds: int, seed: int) -> Codes:
    """Large groups first, each to the part that has least so far: first those with normal pictures."""
    names, codes = np.unique(groups, return_inverse=True)
    n_normal = np.bincount(codes, weights=normal)
    n_others = np.bincount(codes) - n_normal
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.lexsort((-n_others[order], -n_normal[order]))]
    part_of, load = np.empty(len(names), np.int64), np.zeros((n_folds, 2))
    for group in order.tolist():
        by = (load[:, 1], load[:, 0]) if n_normal[group] else (load[:, 0], load[:, 1])
        part = int(np.lexsort(by)[0])
        part_of[group] = part
        load[part] += n_normal[group], n_others[group]
    return part_of[codes]


def groups_of(hashes: Sequence[str], values: Field | None = None) -> Codes:
    """(N,) groups: pictures of equal contents, or of equal values where those are known, belong together.

    Both count: a copy of a picture of another patient joins the two patients.
    """
    keys: list[tuple[str, ...]] = [(f"hash:{one}",) for one in hashes]
    if values is not None:
        said = [known(value) for value in values.tolist()]
        keys = [(*key, f"value:{one}") if one else key for key, one in zip(keys, said, strict=True)]
    return _joined(keys)


def _joined(keys: Sequence[Sequence[str]]) -> Codes:
    """Union of rows that share a key, as codes from 0."""
    parent = list(range(len(keys)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[str, int] = {}
    for row, own in enumerate(keys):
        for key in own:
            parent[root(row)] = root(first.setdefault(key, row))
    return np.unique([root(row) for row in range(len(keys))], return_inverse=True)[1].astype(np.int64)


def truth_of(values: Field, normal: str) -> Codes:
    """(N,) 0 where a field has the normal value, 1 where it has another, -1 where it has none.

    Raises:
        InputError: no picture has that value.
    """
    said = [known(value) for value in values.tolist()]
    if normal not in said:
        raise InputError(f"the normal value must be one of the field, got {normal!r}; choose from {_some(said)}.")
    return np.array([-1 if not one else int(one != normal) for one in said], np.int64)


def known(value: Any) -> str:
    """A value of a field as text; "" for a missing one. Whole numbers have no point."""
    if isinstance(value, float):
        return "" if value != value else f"{value:g}"
    return str(value)


def guess_normal(values: Field) -> str | None:
    """The value that says normal in the usual words, if exactly one does."""
    said = sorted({known(value) for value in values.tolist()})
    found = [one for one in said if one.lower() in USUAL]
    return found[0] if len(found) == 1 else None


def guess_where(collection: Collection) -> tuple[str, str] | None:
    """The first field, and its value, by which a collection says what is normal."""
    fields: Mapping[str, Field] = collection.fields
    for name, values in fields.items():
        normal = guess_normal(values) if values.dtype.kind != "f" else None
        if normal is not None and len(set(values.tolist())) > 1:
            return name, normal
    return None


def _some(said: Sequence[str]) -> str:
    names = sorted({one for one in said if one})
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
