"""How far transformed pictures still find their originals, by several methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from imgsim.images.transformations import TRANSFORMATIONS
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.robustness import N_IMAGES, measure


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `methods` (specs); `transformations`, `n_images`, `same`, `seed` where not the default.

    Gives the fields of a `Sweep`, its points as mappings under `points`.
    """
    pipeline = Pipeline()
    sweep = measure(
        pipeline,
        pipeline.open(arguments["source"], progress),
        [METHODS.parse(spec) for spec in arguments["methods"]],
        arguments.get("transformations") or tuple(TRANSFORMATIONS),
        n_images=arguments.get("n_images", N_IMAGES),
        same=arguments.get("same", ""),
        seed=arguments.get("seed", 0),
        names=arguments["methods"],
        progress=progress,
    )
    return asdict(sweep)
