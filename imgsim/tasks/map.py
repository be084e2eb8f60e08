"""Scan, embed, find neighbours, project and judge, whatever of it is not in the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.pipeline import MapRequest, Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments` are those of a `MapRequest`; gives the key of the `projection`."""
    return {"projection": Pipeline().make_map(MapRequest(**arguments), progress).projection.key}
