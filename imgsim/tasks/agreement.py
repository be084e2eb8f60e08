"""How far several methods agree, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from imgsim import agreement
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `methods` (specs), `k` and `seed` if not 10 and 0; gives `pairs`, named as asked."""
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    methods = [METHODS.parse(spec) for spec in arguments["methods"]]
    k, seed = arguments.get("k", 10), arguments.get("seed", 0)
    found = agreement.compare(pipeline, collection, methods, k=k, seed=seed, progress=progress)
    named = combinations(arguments["methods"], 2)
    return {"pairs": [{**_facts(one), "a": a, "b": b} for (a, b), one in zip(named, found, strict=True)]}


def _facts(one: agreement.Agreement) -> dict[str, Any]:
    """As JSON has it: NaN, of a space without spread, is null."""
    return {name: None if value != value else value for name, value in agreement.facts(one).items()}
