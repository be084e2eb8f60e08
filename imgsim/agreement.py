"""How far methods agree on a collection, pair by pair; kept in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from imgsim import neighbors
from imgsim.errors import InputError
from imgsim.evaluation import agreement as measures
from imgsim.evaluation.bootstrap import Interval, bootstrap_interval
from imgsim.methods import Method
from imgsim.parameters import format_spec
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, Embeddings, Float, key_of

VERSION = 1
N_IMAGES = 2000  # most images in the CKA
N_PAIRS = 20_000  # most random pairs whose distances are ranked


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far two methods agree; all measures are symmetric.

    Attributes:
        a, b: method specs.
        k: neighbours looked at.
        neighbor_overlap: mean share of the k nearest that both find, 0 to 1, with `neighbor_overlap_ci` at 95 %.
        rank_biased_overlap: mean over the images, at persistence .9 and depth k, 0 to 1.
        cka: debiased linear CKA; about 0 by chance, 1 the same up to rotation and scale; NaN without spread.
        rank_correlation: Spearman's, of the distances of the same random pairs, -1 to 1.
        null_overlap: the mean overlap when the images are matched at random, 99 times.
        p: share of those, the observation counted with them, that overlap as much.
        per_image: (N,) overlap of each image's neighbourhoods, 0 to 1.
    """

    a: str
    b: str
    k: int
    neighbor_overlap: float
    neighbor_overlap_ci: Interval
    rank_biased_overlap: float
    cka: float
    rank_correlation: float
    null_overlap: float
    p: float
    per_image: Float

    def least(self, n: int) -> list[int]:
        """The rows of the n images on which the two agree least; ties by row."""
        return [int(row) for row in np.argsort(self.per_image, kind="stable")[:n]]

    def most(self, n: int) -> list[int]:
        """The rows of the n images on which the two agree most; ties by row."""
        return [int(row) for row in np.argsort(-self.per_image, kind="stable")[:n]]


def compare(
    pipeline: Pipeline,
    collection: Collection,
    methods: Sequence[Method],
    *,
    k: int = 10,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Agreement]:
    """One agreement for each pair of methods, in their order; what the store has is not computed again.

    Raises:
        InputError: fewer than two methods or four images, or k is below 1.
        UnavailableError: a method lacks weights or a package.
    """
    if len(methods) < 2 or len(collection) < 4 or k < 1:
        raise InputError(
            f"a comparison must be of 2 methods and 4 images or more with k from 1, got {len(methods)} methods, "
            f"{len(collection)} images and k {k}; add what is missing."
        )
    spaces = pipeline.embed(collection, methods, progress)
    specs = [format_spec(method.id, method.params) for method in methods]
    pairs, found = list(combinations(range(len(spaces)), 2)), []
    for done, (i, j) in enumerate(pairs):
        progress("Comparing methods", done, len(pairs))
        found.append(_agreement(pipeline, (spaces[i], spaces[j]), (specs[i], specs[j]), k, seed, progress))
    progress("Comparing methods", len(pairs), len(pairs))
    return found


def _agreement(
    pipeline: Pipeline,
    spaces: tuple[Embeddings, Embeddings],
    specs: tuple[str, str],
    k: int,
    seed: int,
    progress: Progress,
) -> Agreement:
    first, second = sorted(spaces, key=lambda space: space.key)  # one result for both orders

    def build(directory: Path) -> None:
        facts, per_image = _measured(pipeline, first, second, k, seed, progress)
        write_arrays(directory, facts, {"per_image": per_image})

    key = key_of("agreement", first=first.key, second=second.key, k=k, seed=seed, version=VERSION)
    facts, arrays = read_arrays(pipeline.store.compute("agreement", key, build, progress))
    facts["neighbor_overlap_ci"] = tuple(facts["neighbor_overlap_ci"])
    return Agreement(*specs, **facts, per_image=arrays["per_image"])


def _measured(
    pipeline: Pipeline, a: Embeddings, b: Embeddings, k: int, seed: int, progress: Progress
) -> tuple[dict[str, Any], Float]:
    k = min(k, len(a.ids) - 1)
    near = [pipeline.neighbors(space, k, progress).indices[:, :k] for space in (a, b)]
    shared = measures.neighbor_overlap(near[0], near[1], k)
    null = measures.overlap_null(near[0], near[1], k, seed=seed)
    facts = {
        "k": k,
        "neighbor_overlap": float(shared.mean()),
        "neighbor_overlap_ci": bootstrap_interval(shared, seed=seed),
        "rank_biased_overlap": float(measures.rank_biased_overlap(near[0], near[1]).mean()),
        "cka": _cka(a, b, seed),
        "rank_correlation": _rank_correlation(a, b, seed),
        "null_overlap": float(null.mean()),
        "p": measures.p_value(float(shared.mean()), null),
    }
    return facts, shared.astype(np.float32)


def _cka(a: Embeddings, b: Embeddings, seed: int) -> float:
    n = len(a.ids)
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:N_IMAGES])
    views = [neighbors.euclidean_view(np.asarray(space.vectors[rows]), space.metric) for space in (a, b)]
    return measures.debiased_cka(views[0], views[1])


def _rank_correlation(a: Embeddings, b: Embeddings, seed: int) -> float:
    n, random = len(a.ids), np.random.default_rng(seed)
    first, second = np.triu_indices(n, 1) if n * (n - 1) // 2 <= N_PAIRS else (None, None)
    if first is None or second is None:
        first = random.integers(0, n, N_PAIRS)
        second = (first + random.integers(1, n, N_PAIRS)) % n
    p, q = (_distances(space, first, second) for space in (a, b))
    return measures.distance_correlation(p, q)


def _distances(space: Embeddings, first: Any, second: Any) -> Float:
    """(M,) of so many pairs, 1,000 at a time: the vectors stay on disk."""
    parts = [slice(start, start + 1000) for start in range(0, len(first), 1000)]
    found = [
        neighbors.pair_distances(space.vectors[first[at]], space.vectors[second[at]], space.metric) for at in parts
    ]
    return np.concatenate(found)


def facts(agreement: Agreement) -> dict[str, Any]:
    """An agreement without `per_image`, as JSON has it."""
    return {name: value for name, value in asdict(agreement).items() if name != "per_image"}
