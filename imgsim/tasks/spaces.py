"""The spaces of a collection by several methods, and what is random in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `methods` (specs), and `graph`, whether neighbours are wanted too; all go to the store."""
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    for space in pipeline.embed(collection, [METHODS.parse(spec) for spec in arguments["methods"]], progress):
        pipeline.background(space)
        if arguments["graph"]:
            pipeline.neighbors(space, progress=progress)
    return {"n_images": len(collection)}
