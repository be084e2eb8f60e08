"""What to show beside an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from imgsim import images
from imgsim import recommendation as core
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import METHOD_HELP
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.types import Collection

Ids = Annotated[list[str] | None, typer.Option(help="Id of another item. Repeat.")]


def recommend(
    source: Source,
    item: Annotated[str, typer.Argument(metavar="ID", help="Id of the item.")],
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help=METHOD_HELP + ". Repeat to mix.")] = None,
    weights: Annotated[str, typer.Option(help="How much each method counts, such as 2,1,1; equal without it.")] = "",
    scope: Annotated[str, typer.Option(help="any, same or other category.")] = "any",
    category: Annotated[str, typer.Option(help="FIELD that holds the category.")] = "category",
    like: Ids = None,
    dislike: Ids = None,
    diversity: Annotated[float, typer.Option(help="0 (nearest first) to 1 (as unlike each other as can be).")] = 0.0,
    k: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 10,
    as_json: Json = False,
) -> None:
    """The items most similar to an item by a mix of methods, without its copies, with their facts beside them.

    Example: imgsim recommend builtin:products mug_red_00 --weights 3,1,1 --scope other --diversity 0.3

    Example: imgsim recommend shop.csv shoe.jpg -m hog -m color_histogram --like boot.jpg --dislike sandal.jpg --json
    """
    specs = list(method or core.DEFAULTS)
    counts = _weights(weights, len(specs))
    if scope not in core.SCOPES:
        raise UnknownIdError("scope", scope, core.SCOPES)
    pipeline = Pipeline()
    methods = [METHODS.parse(spec) for spec in specs]
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        likes, dislikes = ([collection.row(id) for id in group or ()] for group in (like, dislike))
        wish = core.Wish(
            collection.row(item),
            counts,
            tuple(likes),
            tuple(dislikes),
            scope,
            category,
            diversity,
            k,
        )
        core.candidates(collection, wish)  # what cannot be is said before the long work
        spaces = pipeline.embed(collection, methods, progress)
        found = core.recommend(collection, spaces, [pipeline.background(space) for space in spaces], wish)
    answer = {
        "item": {"id": item, **collection.record(wish.row)},
        "weights": dict(zip(specs, counts, strict=True)),
        "diversity": diversity,
        "n_candidates": found.n_candidates,
        "variety": found.variety,
        "variety_by_chance": found.variety_by_chance,
        "recommendations": _rows(collection, found, specs) if as_json else _lines(collection, found),
    }
    emit(answer, as_json, table="recommendations")


def _rows(collection: Collection, found: core.Recommendation, specs: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "rank": rank,
            "id": collection.ids[row],
            "path": images.path_of(collection, collection.ids[row]),
            "score": float(score),
            "closeness": dict(zip(specs, each.tolist(), strict=True)),
            "fields": collection.record(int(row)),
        }
        for rank, (row, score, each) in enumerate(zip(found.rows, found.score, found.by_space.T, strict=True), start=1)
    ]


def _lines(collection: Collection, found: core.Recommendation) -> list[dict[str, Any]]:
    """The same for people: the facts as columns."""
    return [
        {"rank": rank, "id": collection.ids[row], "score": float(score), **collection.record(int(row))}
        for rank, (row, score) in enumerate(zip(found.rows, found.score, strict=True), start=1)
    ]


def _weights(text: str, n: int) -> tuple[float, ...]:
    if not text:
        return (1.0,) * n
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) != n or min(found) < 0 or not 0 < sum(found) < 1e9:
        raise InputError(f"--weights must be {n} numbers of at least 0, got {text!r}; for example {'1,' * (n - 1)}2.")
    return found
