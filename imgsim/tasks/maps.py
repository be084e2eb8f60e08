"""Several maps of one collection: the first alone, so that it shows soon, the rest in one pass over the images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.methods import METHODS
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `requests`, each the arguments of a `MapRequest` of one source; gives the keys of `projections`."""
    pipeline = Pipeline()
    first, *rest = [MapRequest(**request) for request in arguments["requests"]]
    made = [pipeline.make_map(first, progress)]
    if rest:
        pipeline.embed(made[0].collection, [METHODS.parse(request.method) for request in rest], progress)
    made += [pipeline.make_map(request, progress) for request in rest]
    return {"projections": [result.projection.key for result in made]}
