"""t-SNE: the faithful map of neighbourhoods, by openTSNE."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector, graph_of
from imgsim.projections._principal import principal_components, start
from imgsim.projections.placement import with_copies
from imgsim.types import Float, Ints, Neighbors

EARLY, LATE, EVERY = 250, 500, 10  # iterations with and without exaggeration; how often progress is told
THREADS_FROM = 3000  # images; below, starting threads costs more than it saves
FFT_FROM = 10_000
PLACING, RATE, MOMENTUM, STEEPEST, PULL = 300, 0.1, 0.8, 0.25, 1.5  # how openTSNE's transform descends
HALVINGS = 60

Doubles = npt.NDArray[np.float64]


@PROJECTORS.register
@dataclass(frozen=True)
class Tsne(Projector):
    """t-distributed stochastic neighbour embedding, started from the principal components."""

    id: ClassVar[str] = "tsne"
    title: ClassVar[str] = "t-SNE"
    keeps: ClassVar[str] = "The nearest neighbours of each image, best of all the maps."
    loses: ClassVar[str] = "Sizes of groups and distances between islands mean nothing."
    reference: ClassVar[str] = (
        "van der Maaten, Hinton 2008, Visualizing data using t-SNE; Policar, Strazar, Zupan 2024, openTSNE"
    )

    perplexity: float = param(
        30.0,
        "About how many neighbours each image looks at; few show small groups, many the broad shape.",
        minimum=2.0,
        maximum=100.0,
    )
    exaggeration: float = param(
        1.0,
        "How strongly groups are pulled together; 1 is plain t-SNE, more gives tighter islands.",
        minimum=1.0,
        maximum=8.0,
    )

    @property
    def k(self) -> int:
        """Three times the perplexity."""
        return int(3 * self.perplexity)

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

        The perplexity is held to a third of the other images.

        Raises:
            InputError: the neighbours are missing or too few.
        """
        if len(vectors) <= n_components + 1:
            return principal_components(vectors, n_components)
        indices, distances = graph_of(neighbors, self.k, len(vectors))
        progress("tsne", 0, EARLY + LATE)
        from openTSNE import TSNE

        model = TSNE(
            n_components=n_components,
            exaggeration=None if self.exaggeration == 1 else self.exaggeration,
            early_exaggeration_iter=EARLY,
            n_iter=LATE,
            negative_gradient_method="fft" if n_components == 2 and len(vectors) >= FFT_FROM else "bh",
            callbacks=_Report(progress),
            callbacks_every_iters=EVERY,
            n_jobs=_threads(len(vectors)),
            random_state=seed,
        )
        affinities = _affinities(indices, distances, min(self.perplexity, indices.shape[1] / 3))
        layout = model.fit(affinities=affinities, initialization=1e-4 * start(vectors, n_components, seed))
        progress("tsne", EARLY + LATE, EARLY + LATE)
        return np.ascontiguousarray(layout, np.float32)

    def place(
        self,
        vectors: Float,
        xy: Float,
        guests: Float,
        indices: Ints,
        distances: Float,
    ) -> Float:
        """Each guest alone descends t-SNE's objective against the fixed map, from its neighbours' median place."""
        wide = min(len(vectors), max(1, self.k), indices.shape[1])
        near, far = indices[:, :wide], distances[:, :wide]
        perplexity = min(self.perplexity, wide / 3)
        if perplexity <= 1:
            return super().place(vectors, xy, guests, indices, distances)
        layout = np.asarray(xy, np.float64)
        shares = _shares(far.astype(np.float64), perplexity) * PULL
        places = np.stack([_descend(layout, *one) for one in zip(near, shares, strict=True)])
        return with_copies(places, xy, indices, distances)


def _shares(distances: Doubles, perplexity: float) -> Doubles:
    """(G, k) Gaussian shares of each guest's neighbours, of the wanted perplexity: openTSNE's point-wise affinities."""
    squares = distances**2 - distances[:, :1] ** 2
    scale = np.maximum(squares.mean(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    low, high = np.full(scale.shape, -40.0), np.full(scale.shape, 40.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        weights = np.exp(-squares / scale * np.exp(middle))
        shares = weights / weights.sum(axis=1, keepdims=True)
        entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1, keepdims=True)
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    return np.asarray(shares)


def _descend(layout: Doubles, near: Ints, shares: Doubles) -> Doubles:
    """One point's place: pulled by its neighbours, pushed by all, as in openTSNE's `transform`, repulsion exact."""
    place, step = np.median(layout[near[: len(near) // 3 or 1]], axis=0), np.zeros(layout.shape[1])
    for _ in range(PLACING):
        gaps = place - layout
        closeness = 1 / (1 + np.einsum("nc,nc->n", gaps, gaps))
        push = closeness**2 @ gaps / closeness.sum()
        slope = (shares * closeness[near]) @ gaps[near] - push
        length = float(np.linalg.norm(slope))
        step = MOMENTUM * step - RATE * slope * min(1.0, STEEPEST / max(length, 1e-300))
        place = place + step
    return np.asarray(place)


class _Report:
    """openTSNE calls this every few iterations; raising stops the layout."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.calls = progress, 0

    def __call__(self, _iteration: int, _error: float, _layout: Any) -> bool:
        self.calls += 1
        self.progress("tsne", min(self.calls * EVERY, EARLY + LATE), EARLY + LATE)
        return False


def _affinities(indices: Ints, distances: Float, perplexity: float) -> Any:
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    graph = PrecomputedNeighbors(indices.astype(np.int64), distances.astype(np.float64))
    return PerplexityBasedNN(knn_index=graph, perplexity=perplexity, n_jobs=_threads(len(indices)))


def _threads(n_images: int) -> int:
    return 1 if n_images < THREADS_FROM else os.cpu_count() or 1
