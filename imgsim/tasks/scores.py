"""Scorecards of several methods for one label, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.scorecard import RANDOM, SHUFFLED, Scorecard, evaluate, random_card, shuffled_card


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `methods` (specs) and `label`; gives `rows`, the last two of chance."""
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    specs = arguments["methods"]
    methods = [METHODS.parse(spec) for spec in specs]
    label = arguments["label"]
    cards = evaluate(pipeline, collection, methods, label, progress=progress)
    blind = random_card(collection.field(label), progress=progress)
    dealt = shuffled_card(pipeline, collection, methods[-1], label, progress=progress)
    named = zip([*specs, RANDOM, SHUFFLED], [*cards, blind, dealt], strict=True)
    return {"rows": [_row(spec, card) for spec, card in named]}


def _row(spec: str, card: Scorecard) -> dict[str, Any]:
    row: dict[str, Any] = {"method": spec}
    for name, (mean, (low, high)) in card.measures().items():
        row |= {name: _known(mean), f"{name}_low": _known(low), f"{name}_high": _known(high)}
        if name == "map":
            row["map_by_chance"] = card.retrieval.null_map
    return row | {
        "dim": card.dim,
        "ms_per_image": 1000 / card.images_per_s if card.images_per_s else 0.0,
        "bytes_per_image": card.bytes_per_image,
        "fit_seconds": card.fit_seconds,
        "n_queries": card.retrieval.n_queries,
    }


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return None if value != value else value
