"""What is asked of the pipeline and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.evaluation.faithfulness import Faithfulness
from imgsim.neighbors import approximate
from imgsim.types import Collection, Embeddings, Neighbors, Projection


@dataclass(frozen=True)
class CollectionCard:
    """What is known of a collection before it is opened."""

    source: str
    title: str
    description: str
    n_images: int | None
    removable: bool = False


@dataclass(frozen=True)
class MapRequest:
    """What decides a map, in strings and numbers: it fits in a URL and in session state.

    Attributes:
        source: SOURCE of the collection.
        method: method spec, such as `hog:cell=16`.
        projector: projector spec, such as `umap:n_neighbors=15`.
        n_components: 2 or 3.
        seed: of the projection.
    """

    source: str
    method: str
    projector: str
    n_components: int = 2
    seed: int = 0


@dataclass(frozen=True, eq=False)
class MapResult:
    """Everything a map page shows."""

    collection_key: str
    collection: Collection
    embeddings: Embeddings
    neighbors: Neighbors
    projection: Projection
    faithfulness: Faithfulness


@dataclass(frozen=True, eq=False)
class Index:
    """The approximate index of a large collection, with what was measured on a sample of its own vectors.

    Attributes:
        lists: the inverted lists.
        search_probes: how many of them a query looks at.
        search_recall: recall at 10 with it.
        graph_probes: how many the neighbour graph looks at.
        graph_recall: its recall at 15.
    """

    lists: approximate.Lists
    search_probes: int
    search_recall: float
    graph_probes: int
    graph_recall: float
