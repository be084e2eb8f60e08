"""What methods with a vocabulary share: two parameters, and the seeded sample of descriptors that it is learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imgsim.methods import Array
from imgsim.parameters import param


def keypoint_count() -> Any:
    """The parameter for how many keypoints are described."""
    return param(400, "Most keypoints per image; fewer is faster.", minimum=50, maximum=2000)


def vocabulary_seed(what: str = "vocabulary") -> Any:
    """The parameter for the random numbers that a vocabulary starts from."""
    return param(0, f"Start of the random numbers of the {what}.", minimum=0, maximum=10_000)


def sample_rows(prepared: Sequence[Array], most: int, seed: int) -> Array:
    """At most `most` rows of all (n, D) arrays together, each row equally likely, in their order."""
    sizes = np.array([len(rows) for rows in prepared], dtype=np.int64)
    chosen = np.sort(np.random.default_rng(seed).permutation(int(sizes.sum()))[:most])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    owners = np.split(chosen, np.searchsorted(chosen, starts[1:-1]))
    return np.concatenate([rows[mine - start] for rows, mine, start in zip(prepared, owners, starts, strict=False)])
