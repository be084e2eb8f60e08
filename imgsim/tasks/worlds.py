"""Draw the maps of a world of known shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.projections import PROJECTORS
from imgsim.worlds import WORLDS
from imgsim.worlds.maps import make_map


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `world` (spec), `maps` (specs of projectors) and `seed`; the maps are in the store."""
    store, world = Pipeline().store, WORLDS.parse(arguments["world"])
    for spec in arguments["maps"]:
        make_map(store, world, PROJECTORS.parse(spec), arguments["seed"], progress)
    return {}
