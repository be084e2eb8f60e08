"""Commands that measure how well methods serve a collection."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import MethodOptions
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.scorecard import RANDOM, SHUFFLED, Scorecard, random_card, shuffled_card
from imgsim.scorecard import evaluate as judge

PIXELS = "pixels"  # the baseline that every method has to beat


def evaluate(
    source: Source,
    method: MethodOptions,
    label: Annotated[str, typer.Option(help="The field whose values are the classes.")] = "label",
    k: Annotated[int, typer.Option("-k", min=1, help="Neighbours that vote for the kNN accuracy.")] = 5,
    queries: Annotated[int, typer.Option(min=1, help="Most images to ask; a seeded sample of larger ones.")] = 3000,
    seed: Annotated[int, typer.Option(help="Random seed of sample, intervals and shuffled labels.")] = 0,
    baselines: Annotated[
        bool, typer.Option(help="Add rows of plain pixels, random vectors and shuffled labels.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Which method finds images of the same class? Leave one out, with intervals at 95 % and what chance gives.

    Example: imgsim evaluate photos/ -m hog -m color_histogram --label label
    """
    pipeline = Pipeline()
    methods = [METHODS.parse(spec) for spec in method]
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        if baselines and PIXELS not in method:
            method, methods = [*method, PIXELS], [*methods, METHODS.parse(PIXELS)]
        asked: Any = {"k": k, "n_queries": queries, "seed": seed, "progress": progress}
        cards = judge(pipeline, collection, methods, label, **asked)
        if baselines:
            pixels = methods[list(method).index(PIXELS)]
            dealt = shuffled_card(pipeline, collection, pixels, label, **asked)
            cards, method = [*cards, random_card(collection.field(label), **asked), dealt], [*method, RANDOM, SHUFFLED]
    rows = [_row(spec, card) for spec, card in zip(method, cards, strict=True)]
    counts = {name: getattr(cards[0].retrieval, name) for name in ("n_queries", "n_labelled", "n_classes")}
    emit({"label": label, "k": k, **counts, "results": rows}, as_json, table="results")


def _row(spec: str, card: Scorecard) -> dict[str, Any]:
    row: dict[str, Any] = {"method": spec}
    for name, (mean, interval) in card.measures().items():
        row |= {name: mean, f"{name}_ci": interval}
    return row | {
        "null_map": card.retrieval.null_map,
        "dim": card.dim,
        "images_per_s": card.images_per_s,
        "bytes_per_image": card.bytes_per_image,
        "fit_seconds": card.fit_seconds,
    }
