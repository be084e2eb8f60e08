"""Scorecards of several methods for one label, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim.evaluation.bootstrap import Interval
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
    judged = card.retrieval
    return {
        "method": spec,
        "map": judged.map,
        **_interval("map", judged.map_ci),
        "map_by_chance": judged.null_map,
        "map_at_r": judged.map_at_r,
        **_interval("map_at_r", judged.map_at_r_ci),
        "recall_at_1": judged.recall_at_1,
        **_interval("recall_at_1", judged.recall_at_1_ci),
        "recall_at_5": judged.recall_at_5,
        **_interval("recall_at_5", judged.recall_at_5_ci),
        "recall_at_10": judged.recall_at_10,
        **_interval("recall_at_10", judged.recall_at_10_ci),
        "knn_accuracy": judged.knn_accuracy,
        **_interval("knn_accuracy", judged.knn_accuracy_ci),
        "silhouette": _known(card.silhouette),
        **_interval("silhouette", card.silhouette_ci),
        "dim": card.dim,
        "ms_per_image": 1000 / card.images_per_s if card.images_per_s else 0.0,
        "bytes_per_image": card.bytes_per_image,
        "fit_seconds": card.fit_seconds,
        "n_queries": judged.n_queries,
    }


def _interval(name: str, ends: Interval) -> dict[str, float | None]:
    return {f"{name}_low": _known(ends[0]), f"{name}_high": _known(ends[1])}


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return None if value != value else value
