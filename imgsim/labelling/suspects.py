"""Labels that may be wrong: the neighbours of an image say another class (N images, C classes)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.types import Field, Ints

Doubles = npt.NDArray[np.float64]
K = 15
MOST_OTHERS, FEW_OWN = 0.5, 0.2  # shares of the neighbours


@dataclass(frozen=True, eq=False)
class Suspects:
    """S images whose label may be wrong, the most doubtful first.

    Attributes:
        rows: (S,).
        given: (S,) their label.
        likely: (S,) what the neighbours say.
        share_given, share_likely: (S,) of the labelled neighbours, how many have either, 0 to 1.
        n_checked: labelled images with labelled neighbours.
        k: how many neighbours were asked.
    """

    rows: Ints
    given: npt.NDArray[np.str_]
    likely: npt.NDArray[np.str_]
    share_given: Doubles
    share_likely: Doubles
    n_checked: int
    k: int


def suspects(labels: Field, indices: Ints, k: int | None = None) -> Suspects:
    """The images whose neighbours agree on another class, from the labels and the (N, K) lists of the graph.

    Of the k nearest labelled others (15, or half of a class of the median size where that is less) at least half must
    have one other class, and at most a fifth the image's own. The order is by the share of its own less that of the
    other. An image is never its own witness.

    Raises:
        InputError: k is below 1, or there are fewer than two classes.

    Reference: Wilson: Asymptotic properties of nearest neighbor rules using edited data, IEEE Transactions on Systems,
    Man, and Cybernetics 1972 (to doubt what the neighbours outvote). The two shares were chosen on planted errors.
    """
    if k is not None and k < 1:
        raise InputError(f"k must be at least 1, got {k}; ask one neighbour or more.")
    texts = np.asarray(labels).astype(str)
    known = ~np.isin(texts, ("", "nan"))
    names, codes = np.unique(texts, return_inverse=True)
    if len(np.unique(texts[known])) < 2:
        raise InputError("the label must have two classes or more, got fewer; choose another field.")
    k = k or usual_k(codes[known])
    shares, asked = neighbour_shares(codes, known, len(names), indices, k)
    rows = np.flatnonzero(known & asked)
    own = shares[rows, codes[rows]]
    others = shares[rows]
    others[np.arange(len(rows)), codes[rows]] = -1
    best = others.argmax(axis=1)
    rival = others[np.arange(len(rows)), best]
    doubtful = np.flatnonzero((rival >= MOST_OTHERS) & (own <= FEW_OWN))
    doubtful = doubtful[np.argsort((own - rival)[doubtful], kind="stable")]
    found = rows[doubtful]
    return Suspects(
        found.astype(np.int32), texts[found], names[best[doubtful]], own[doubtful], rival[doubtful], len(rows), k
    )


def usual_k(codes: npt.NDArray[np.intp]) -> int:
    """As many neighbours as a class can be expected to have near: half of the median class, 3 to 15."""
    sizes = np.bincount(codes)
    return int(np.clip(np.median(sizes[sizes > 0]) // 2, 3, K))


def neighbour_shares(
    codes: npt.NDArray[np.intp], known: npt.NDArray[np.bool_], n_classes: int, indices: Ints, k: int
) -> tuple[Doubles, npt.NDArray[np.bool_]]:
    """(N, C) shares of the classes among the k nearest labelled others of each, and (N,) whether there are any."""
    shares = np.zeros((len(codes), n_classes))
    witness = known[indices]
    counts = witness & (np.cumsum(witness, axis=1) <= k)
    rows, columns = np.nonzero(counts)
    np.add.at(shares, (rows, codes[indices[rows, columns]]), 1)
    totals = counts.sum(axis=1)
    return shares / np.maximum(totals, 1)[:, None], totals > 0
