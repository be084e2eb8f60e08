"""Pairs of images that share a label: what "of the same kind" looks like to a method."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from imgsim.types import Field

Rows = npt.NDArray[np.int64]


def same_label_pairs(labels: Field, n_pairs: int, seed: int = 0) -> tuple[Rows, Rows]:
    """Rows of pairs of different images of one label, (P,) and (P,): all of them, or `n_pairs` drawn evenly.

    Images without a label ("" or NaN) are in none.
    """
    codes = np.unique(labels, return_inverse=True)[1]
    known = labels != "" if labels.dtype.kind != "f" else ~np.isnan(labels)
    groups = [np.flatnonzero((codes == code) & known) for code in np.unique(codes[known])]
    groups = [rows for rows in groups if len(rows) > 1]
    sizes = np.array([len(rows) for rows in groups])
    n_each = sizes * (sizes - 1) // 2
    if n_each.sum() <= n_pairs:
        pairs = [np.stack(np.triu_indices(len(rows), 1)) for rows in groups]
        drawn = [rows[pair] for rows, pair in zip(groups, pairs, strict=True)]
        first, second = np.concatenate([np.empty((2, 0), np.int64), *drawn], axis=1)
        return first, second
    random = np.random.default_rng(seed)
    which = random.choice(len(groups), n_pairs, p=n_each / n_each.sum())
    one = random.integers(0, sizes[which])
    other = (one + random.integers(1, sizes[which])) % sizes[which]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])[which]
    rows = np.concatenate(groups)
    return rows[starts + one], rows[starts + other]
