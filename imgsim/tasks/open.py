"""Scan a source, so that its pictures can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`; gives how many images are readable and how many are not."""
    collection = Pipeline().open(arguments["source"], progress)
    return {"n_images": len(collection), "n_unreadable": len(collection.unreadable)}
