"""t-SNE: the faithful map of neighbourhoods, by openTSNE."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector, graph_of
from imgsim.projections._principal import principal_components, start
from imgsim.types import Float, Ints, Neighbors

EARLY, LATE, EVERY = 250, 500, 10  # iterations with and without exaggeration; how often progress is told
THREADS_FROM = 3000  # images; below, starting threads costs more than it saves
FFT_FROM = 10_000


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
