"""UMAP: near things stay near, by a layout of the fuzzy neighbour graph.

Up to 10,000 images umap-learn lays them out, beyond that our own layout of the same graph on all cores (`_layout`).
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector, graph_of
from imgsim.projections._fuzzy import fuzzy_graph, widths
from imgsim.projections._layout import LARGE, curve, layout
from imgsim.projections._principal import principal_components, start
from imgsim.projections.placement import with_copies
from imgsim.types import Float, Ints, Neighbors

PLACING, PLACING_MANY, MANY = 100, 30, 10_000  # epochs of a guest's descent; fewer on maps of more images than that
RATE, STRANGERS, STEEPEST = 0.25, 5, 4.0  # umap-learn's transform: a quarter of the first rate, negative samples, clip

Doubles = npt.NDArray[np.float64]


@PROJECTORS.register
@dataclass(frozen=True)
class Umap(Projector):
    """Uniform manifold approximation and projection, started from the principal components."""

    id: ClassVar[str] = "umap"
    title: ClassVar[str] = "UMAP"
    keeps: ClassVar[str] = "Who is near whom, and which groups are connected."
    loses: ClassVar[str] = "Sizes of groups and distances between islands mean nothing."
    version: ClassVar[int] = 2
    reference: ClassVar[str] = "McInnes, Healy, Melville 2018, UMAP: Uniform Manifold Approximation and Projection"

    n_neighbors: int = param(
        15,
        "How many images, itself included, each image holds on to; few show fine detail, many the broad shape.",
        minimum=2,
        maximum=200,
    )
    min_dist: float = param(
        0.1, "How close points may lie; small packs groups tight, large spreads them out.", minimum=0.0, maximum=0.99
    )

    @property
    def k(self) -> int:
        """Neighbours per image without itself."""
        return self.n_neighbors - 1

    def fit(
        self,
        vectors: Float,
        neighbors: Neighbors | None,
        *,
        n_components: int = 2,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Float:
        """(N, n_components) layout; up to n_components + 1 images are drawn by their principal components.

        Raises:
            InputError: the neighbours are missing or too few.
        """
        if len(vectors) <= n_components + 1:
            return principal_components(vectors, n_components)
        indices, distances = graph_of(neighbors, self.k, len(vectors))
        if len(vectors) > LARGE:
            begin, graph = start(vectors, n_components, seed), fuzzy_graph(indices, distances)
            return layout(graph, begin, self.min_dist, seed=seed, progress=progress)
        progress("umap", 0, 1)
        library = _library()
        a, b = library.find_ab_params(1.0, self.min_dist)
        places, _ = library.simplicial_set_embedding(
            vectors,
            fuzzy_graph(indices, distances),
            n_components,
            1.0,
            a,
            b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=None,
            init=start(vectors, n_components, seed),
            random_state=np.random.RandomState(seed),
            metric="euclidean",
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
            tqdm_kwds=_reporting(progress),
        )
        return np.ascontiguousarray(places, np.float32)

    def place(
        self,
        vectors: Float,
        xy: Float,
        guests: Float,  # noqa: ARG002
        indices: Ints,
        distances: Float,
    ) -> Float:
        """As umap-learn's `transform`: from the neighbours' weighted mean, each guest moves against the fixed map.

        Where `transform` draws edges and strangers at random, their expected pull and push are taken: the same place
        every time, and nothing to compile.
        """
        near, far = indices[:, : max(2, self.k)], distances[:, : max(2, self.k)].astype(np.float64)
        a, b = curve(self.min_dist)
        fixed = np.asarray(xy, np.float64)
        weights = np.exp(-far / widths(far, np.log2(self.n_neighbors))[:, None])
        epochs = PLACING if len(vectors) <= MANY else PLACING_MANY
        places = np.stack([_settle(fixed, *one, a, b, epochs) for one in zip(near, weights, strict=True)])
        return with_copies(places, xy, indices, distances)


def _settle(layout: Doubles, near: Ints, weights: Doubles, a: float, b: float, epochs: int) -> Doubles:
    """One point's place after the expected steps of UMAP's descent, which shrink to nothing."""
    weights = weights / weights.max()
    place = weights @ layout[near] / weights.sum()
    for epoch in range(epochs):
        rate = RATE * (1 - epoch / epochs)
        gaps = place - layout[near]
        squares = np.maximum(np.einsum("nc,nc->n", gaps, gaps), 1e-12)
        pull = -2 * a * b * squares ** (b - 1) / (1 + a * squares**b)
        apart = place - layout
        squares = np.einsum("nc,nc->n", apart, apart)
        push = 2 * b / ((0.001 + squares) * (1 + a * squares**b))
        strangers = np.clip(push[:, None] * apart, -STEEPEST, STEEPEST).mean(axis=0)
        friends = weights @ np.clip(pull[:, None] * gaps, -STEEPEST, STEEPEST)
        place = place + rate * (friends + STRANGERS * weights.sum() * strangers)
    return np.asarray(place)


def _library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that TensorFlow is not there
        import umap.umap_ as library

    return library


class _Report(io.StringIO):
    """Where umap-learn's progress bar writes "done/total"; raising from here stops the layout."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def write(self, text: str) -> int:
        counts = re.search(r"(\d+)/(\d+)", text)
        if counts:
            self.progress("umap", int(counts[1]), int(counts[2]))
        return len(text)


def _reporting(progress: Progress) -> dict[str, Any]:
    return {"disable": False, "file": _Report(progress), "bar_format": "{n}/{total}", "mininterval": 0, "miniters": 1}
