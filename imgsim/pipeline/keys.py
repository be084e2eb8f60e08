"""Under which key each result lies in the store: chained to the collection's fingerprint, stage by stage."""

from __future__ import annotations

from imgsim.methods import Method
from imgsim.projections import Projector
from imgsim.types import Collection, Embeddings, key_of

SCAN_VERSION = 2
GRAPH_VERSION = 1
INDEX_VERSION = 1
FAITHFULNESS_K = 15


def scan_key(source: str, state: str) -> str:
    """Of the scan of a SOURCE in its one spelling, as it is now."""
    return key_of("scan", source=source, state=state, version=SCAN_VERSION)


def embedding_key(collection: Collection, method: Method) -> str:
    """Of the vectors of a method."""
    return key_of("embeddings", collection=collection.fingerprint, method=method.key)


def lists_key(embeddings: Embeddings, k: int) -> str:
    """Of the exact neighbour graph by distance alone, k columns wide."""
    return key_of("neighbors", embeddings=embeddings.key, metric=embeddings.metric, k=k, version=GRAPH_VERSION)


def approximate_lists_key(embeddings: Embeddings, k: int) -> str:
    """Of the same from the approximate index."""
    return key_of("neighbors", index=index_key(embeddings), k=k, version=GRAPH_VERSION)


def reranked_key(lists: str) -> str:
    """Of a neighbour graph that was re-ranked."""
    return key_of("reranked", neighbors=lists)


def index_key(embeddings: Embeddings) -> str:
    """Of the approximate index."""
    return key_of("index", embeddings=embeddings.key, metric=embeddings.metric, version=INDEX_VERSION)


def background_key(embeddings: Embeddings) -> str:
    """Of the distances of random pairs."""
    return key_of("background", embeddings=embeddings.key)


def projection_key(embeddings: Embeddings, projector: Projector, n_components: int, seed: int) -> str:
    """Of a map."""
    return key_of(
        "projection", embeddings=embeddings.key, projector=projector.key, n_components=n_components, seed=seed
    )


def coarse_key(embeddings: str, projector: Projector, n_components: int, seed: int) -> str:
    """Of the coarse map that stands for one, by the key of the embeddings."""
    return key_of("coarse", embeddings=embeddings, projector=projector.key, n_components=n_components, seed=seed)


def faithfulness_key(projection: str) -> str:
    """Of what is known of a map, by its key."""
    return key_of("faithfulness", projection=projection, k=FAITHFULNESS_K)
