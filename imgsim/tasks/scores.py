"""Scorecards of several methods for one label, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.scorecard import RANDOM, Scorecard, evaluate, random_card


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `methods` (specs) and `label`; gives `rows`, the last of random vectors."""
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    specs = arguments["methods"]
    methods = [METHODS.parse(spec) for spec in specs]
    cards = evaluate(pipeline, collection, methods, arguments["label"], progress=progress)
    blind = random_card(collection.field(arguments["label"]), progress=progress)
    return {"rows": [_row(spec, card) for spec, card in zip([*specs, RANDOM], [*cards, blind], strict=True)]}


def _row(spec: str, card: Scorecard) -> dict[str, Any]:
    judged = card.retrieval
    return {
        "method": spec,
        "map": judged.map,
        "map_low": judged.map_ci[0],
        "map_high": judged.map_ci[1],
        "map_by_chance": judged.null_map,
        "map_at_r": judged.map_at_r,
        "recall_at_1": judged.recall_at_1,
        "recall_at_1_low": judged.recall_at_1_ci[0],
        "recall_at_1_high": judged.recall_at_1_ci[1],
        "recall_at_5": judged.recall_at_5,
        "recall_at_10": judged.recall_at_10,
        "knn_accuracy": judged.knn_accuracy,
        "silhouette": _known(card.silhouette),
        "silhouette_low": _known(card.silhouette_ci[0]),
        "silhouette_high": _known(card.silhouette_ci[1]),
        "dim": card.dim,
        "ms_per_image": 1000 / card.images_per_s if card.images_per_s else 0.0,
        "bytes_per_image": card.bytes_per_image,
        "fit_seconds": card.fit_seconds,
        "n_queries": judged.n_queries,
    }


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return None if value != value else value
