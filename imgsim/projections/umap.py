"""UMAP: near things stay near, by a layout of the fuzzy neighbour graph."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from imgsim.parameters import param
from imgsim.progress import Progress, silent
from imgsim.projections import PROJECTORS, Projector, graph_of
from imgsim.projections._fuzzy import fuzzy_graph
from imgsim.projections._principal import principal_components, start
from imgsim.types import Float, Neighbors


@PROJECTORS.register
@dataclass(frozen=True)
class Umap(Projector):
    """Uniform manifold approximation and projection, started from the principal components."""

    id: ClassVar[str] = "umap"
    title: ClassVar[str] = "UMAP"
    keeps: ClassVar[str] = "Who is near whom, and which groups are connected."
    loses: ClassVar[str] = "Sizes of groups and distances between islands mean nothing."
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
        progress("umap", 0, 1)
        library = _library()
        a, b = library.find_ab_params(1.0, self.min_dist)
        layout, _ = library.simplicial_set_embedding(
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
        return np.ascontiguousarray(layout, np.float32)


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
    return {"disable": False, "file": _Report(progress), "bar_format": "{n}/{total}", "mininterval": 0.1, "miniters": 1}
