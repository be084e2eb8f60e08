"""Commands that set methods side by side."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any

import typer

from imgsim import agreement
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import MethodOptions
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.types import Collection


def compare(
    source: Source,
    method: MethodOptions,
    k: Annotated[int, typer.Option("-k", min=1, help="Neighbours to look at.")] = 10,
    images: Annotated[int, typer.Option(min=0, help="Images to name on which two methods agree least and most.")] = 5,
    seed: Annotated[int, typer.Option(help="Random seed of samples, interval and random matching.")] = 0,
    as_json: Json = False,
) -> None:
    """How far do methods agree, and on which images least? With what chance gives.

    Example: imgsim compare builtin:photos -m hog -m color_histogram
    """
    pipeline = Pipeline()
    methods = [METHODS.parse(spec) for spec in method]
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        found = agreement.compare(pipeline, collection, methods, k=k, seed=seed, progress=progress)
    named = combinations(method, 2)
    pairs = [{**_row(one, collection, images), "a": a, "b": b} for (a, b), one in zip(named, found, strict=True)]
    shown = pairs if as_json else [{n: v for n, v in pair.items() if not n.endswith("_agreeing")} for pair in pairs]
    emit({"n_images": len(collection), "k": found[0].k, "pairs": shown}, as_json, table="pairs")


def _row(one: agreement.Agreement, collection: Collection, n: int) -> dict[str, Any]:
    named = {"least_agreeing": one.least(n), "most_agreeing": one.most(n)}
    told = {
        which: [{"id": collection.ids[row], "neighbor_overlap": float(one.per_image[row])} for row in rows]
        for which, rows in named.items()
    }
    return agreement.facts(one) | told
