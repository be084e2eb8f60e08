"""Commands that compare: two images, or one image with a collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import images, pairs, queries
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import METHOD_HELP
from imgsim.engine import ImageSimilarityEngine, to_image
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import DEFAULT, METHODS
from imgsim.neighbors.fusion import FUSIONS
from imgsim.pair_scores import PAIR_SCORES
from imgsim.parameters import parse_spec
from imgsim.pipeline import Pipeline
from imgsim.types import Collection, Image, Match

REFERENCE = "builtin:photos"
DEFAULT_METHODS = ("pixels", "color_histogram", "hog", "lbp", "phash", DEFAULT)


def similarity(
    a: Annotated[str, typer.Argument(metavar="A", help="An image file, or an id of --collection.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help="Method id or spec; repeat.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every method and pair score that can run here.")] = False,
    collection: Annotated[
        str | None,
        typer.Option("--collection", "--reference", help="SOURCE of the random pairs; builtin:photos without it."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="FIELD whose pairs of one value are compared with too.")] = None,
    as_json: Json = False,
) -> None:
    """How similar two images are, by several methods or pair scores such as ssim, and what that means.

    Example: imgsim similarity a.jpg b.jpg -m hog -m phash -m ssim

    Example: imgsim similarity a.jpg b.jpg --all --collection photos/ --json
    """
    specs = _available() if every else list(method or DEFAULT_METHODS)
    for spec in specs:
        pairs.subject_of(spec)  # a wrong one is said before the long work
    sides = [side if collection and not Path(side).is_file() else to_image(side) for side in (a, b)]
    with progress_bar() as progress:
        pipeline = Pipeline()
        opened = pipeline.open(collection or REFERENCE, progress)
        first, second = (_side(opened, side) for side in sides)
        for spec in specs:
            pairs.check(spec, progress)
        field = pairs.label_field(opened) if label is None else label
        found = pairs.compare(pipeline, opened, first, second, specs, label=field, progress=progress)
    emit({"collection": opened.name, "label": field, "scores": [asdict(row) for row in found]}, as_json, table="scores")


def search(
    source: Source,
    image: Annotated[str | None, typer.Argument(metavar="[IMAGE]", help="An image file, or an id of SOURCE.")] = None,
    text: Annotated[str | None, typer.Option(help="Words instead of an image.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Part of IMAGE: x,y,width,height in shares of its sides, or in pixels.")
    ] = None,
    like: Annotated[list[str] | None, typer.Option(help="Image or id to find more of. Repeat.")] = None,
    dislike: Annotated[list[str] | None, typer.Option(help="Image or id to find less of. Repeat.")] = None,
    weights: Annotated[str, typer.Option(help="What query, likes and dislikes count (Rocchio).")] = "1,0.75,0.15",
    where: Annotated[list[str] | None, typer.Option(help="Filter: FIELD=VALUE or FIELD=LOW..HIGH. Repeat.")] = None,
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help=METHOD_HELP + ". Repeat to fuse.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many matches.")] = 10,
    fuse: Annotated[str, typer.Option(help="How to join several methods: rrf, mean_rank or comb_sum.")] = "rrf",
    rerank: Annotated[str | None, typer.Option(help="Pair score that orders the candidates anew, as in ssim.")] = None,
    candidates: Annotated[int, typer.Option(min=1, help="How many candidates --rerank looks at.")] = 50,
    as_json: Json = False,
) -> None:
    """The images of a SOURCE most similar to an image, to a part of one, to words, or to what you like.

    Example: imgsim search photos/ query.jpg -m hog -k 5

    Example: imgsim search photos/ query.jpg --region 0.1,0.2,0.5,0.5 --where label=cat

    Example: imgsim search photos/ --like cats/1.jpg --like cats/7.jpg --dislike dogs/2.jpg

    Example: imgsim search photos/ --text "dog on grass" -m conse

    Example: imgsim search photos/ query.jpg -m hog -m color_histogram --fuse rrf --rerank ssim
    """
    specs, likes, dislikes = list(method or [DEFAULT]), list(like or []), list(dislike or [])
    _check_query(image, text, likes, specs, rerank)
    if fuse not in FUSIONS:
        raise UnknownIdError("fusion", fuse, FUSIONS)
    score = PAIR_SCORES.parse(rerank) if rerank is not None else None
    counts = _weights(weights)
    with progress_bar() as progress:
        engines = [ImageSimilarityEngine(spec, progress=progress) for spec in specs]
        collection = engines[0].pipeline.open(source, progress)
        for one in [image, *likes, *dislikes]:
            if one is not None and one not in collection.rows:
                to_image(one)  # a wrong path is said before the long work
        keep = queries.allowed(collection, where or [])
        index, *others = [engine.index(source) for engine in engines]
        query = index.query(image, text=text, region=region, likes=likes, dislikes=dislikes, weights=counts)
        answer = queries.search(
            index.pipeline,
            collection,
            [one.embeddings for one in (index, *others)],
            query,
            k=k if score is None else max(k, candidates),
            fuse=fuse,
            allowed=keep,
        )
        matches, shares = answer.matches, answer.percentiles
        if score is not None and image is not None:
            matches, shares = index.rerank(image, matches, score, k, progress), []
    rows = [_match_row(match, images.path_of(collection, match.id)) for match in matches]
    if shares:
        rows = [row | {"percentile": share} for row, share in zip(rows, shares, strict=True)]
    facts = {"n_candidates": answer.n_candidates, "exact": answer.recall is None, "recall_at_10": answer.recall}
    emit(facts | {"matches": rows}, as_json, table="matches")


def _check_query(
    image: str | None, text: str | None, likes: Sequence[str], specs: Sequence[str], rerank: str | None
) -> None:
    if (image is not None and text is not None) or (image is None and text is None and not likes):
        raise InputError("the query must be one image or --text, got both or neither; name an image file or --like.")
    for spec in specs if text is not None else ():
        _check_reads(spec)
    if rerank is not None and image is None:
        raise InputError("--rerank must have an image to compare with, got none; name one or leave it out.")


def _weights(text: str) -> queries.Weights:
    try:
        query, likes, dislikes = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--weights must be three numbers, got {text!r}; for example 1,0.75,0.15.") from None
    return queries.Weights(query, likes, dislikes)


def _side(collection: Collection, side: str | Image) -> pairs.Side:
    """A row for an id, a picture for a file."""
    if not isinstance(side, str):
        return side
    return collection.rows[side] if side in collection.rows else to_image(side)


def _check_reads(method: str) -> None:
    if not METHODS[parse_spec(method)[0]].reads_text:
        reading = ", ".join(cls.id for cls in METHODS if cls.reads_text)
        raise InputError(f"--text must be used with a method that reads ({reading}), got {method!r}; name one with -m.")


def _match_row(match: Match, path: str) -> dict[str, Any]:
    return {"id": match.id, "path": path, "score": match.score, "distance": match.distance, "rank": match.rank}


def _available() -> list[str]:
    return [cls.id for cls in METHODS if cls().unavailable() is None] + [cls.id for cls in PAIR_SCORES]
