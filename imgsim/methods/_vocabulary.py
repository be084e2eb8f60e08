"""The seeded sample of descriptors that a vocabulary is learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgsim.methods import Array


def sample_rows(prepared: Sequence[Array], most: int, seed: int) -> Array:
    """At most `most` rows of all (n, D) arrays together, each row equally likely, in their order."""
    sizes = np.array([len(rows) for rows in prepared], dtype=np.int64)
    chosen = np.sort(np.random.default_rng(seed).permutation(int(sizes.sum()))[:most])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    owners = np.split(chosen, np.searchsorted(chosen, starts[1:-1]))
    return np.concatenate([rows[mine - start] for rows, mine, start in zip(prepared, owners, starts, strict=False)])
