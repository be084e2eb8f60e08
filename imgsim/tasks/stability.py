"""The same map drawn in several ways, and what of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.stability import Drawing, measure


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `method` and `drawings`, each a `projector` with a `seed`.

    Gives the `key` of the result in the store and the keys of its `projections`.
    """
    pipeline = Pipeline()
    drawings = [Drawing(**one) for one in arguments["drawings"]]
    found = measure(pipeline, pipeline.open(arguments["source"], progress), arguments["method"], drawings, progress)
    return {"key": found.key, "projections": list(found.projections)}
