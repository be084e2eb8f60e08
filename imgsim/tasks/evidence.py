"""Why a method finds two images alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim import pairs
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `a`, `b` (ids or references of uploads), `method` (a spec); gives the `key` of it."""
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    a, b = (pairs.side_of(collection, arguments[name]) for name in ("a", "b"))
    return {"key": pairs.find_evidence(pipeline, collection, a, b, arguments["method"], progress)}
