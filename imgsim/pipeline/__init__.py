"""The pipeline: the one place where stages and store are joined. Every page, command and engine goes through here.

    source -> Collection -> Embeddings -> Neighbors -> Projection -> Faithfulness

Every result lies in the store under a key chained to the collection's fingerprint, so it is computed once and can never
be served for other contents, parameters or code. Progress and cancellation pass through every stage.

A stage is a file and a class that builds on the one before: `scanning`, `embedding`, `graph`, `searching`, `mapping`.
"""

from __future__ import annotations

from imgsim.pipeline.graph import GRAPH_FROM, GRAPH_K, INDEX_FROM, Blocks
from imgsim.pipeline.keys import FAITHFULNESS_K
from imgsim.pipeline.mapping import Mapping
from imgsim.pipeline.results import CollectionCard, Index, MapRequest, MapResult

__all__ = [
    "FAITHFULNESS_K",
    "GRAPH_FROM",
    "GRAPH_K",
    "INDEX_FROM",
    "Blocks",
    "CollectionCard",
    "Index",
    "MapRequest",
    "MapResult",
    "Pipeline",
]


class Pipeline(Mapping):
    """Stages joined over one workspace. Cheap to make; results stay on disk, a few of them mapped.

    Args:
        workspace: where results and collections lie; the user's own without it.
    """
