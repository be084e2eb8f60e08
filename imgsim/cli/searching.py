"""Commands that compare: two images, or one image with a collection."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import images, pairs, ranking
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
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help=METHOD_HELP + ". Repeat to fuse.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many matches.")] = 10,
    fuse: Annotated[str, typer.Option(help="How to join several methods: rrf, mean_rank or comb_sum.")] = "rrf",
    rerank: Annotated[str | None, typer.Option(help="Pair score that orders the candidates anew, as in ssim.")] = None,
    candidates: Annotated[int, typer.Option(min=1, help="How many candidates --rerank looks at.")] = 50,
    as_json: Json = False,
) -> None:
    """The images of a SOURCE most similar to an image or to words.

    Example: imgsim search photos/ query.jpg -m hog -k 5

    Example: imgsim search photos/ --text "dog on grass" -m conse

    Example: imgsim search photos/ query.jpg -m hog -m color_histogram --fuse rrf --rerank ssim
    """
    specs = list(method or [DEFAULT])
    if (image is None) == (text is None):
        raise InputError("the query must be one image or --text, got both or neither; name an image file.")
    if text is not None:
        for spec in specs:
            _check_reads(spec)
        if len(specs) > 1 or rerank is not None:
            raise InputError("--text must go with one method and no --rerank, got more; leave the others out.")
    if fuse not in FUSIONS:
        raise UnknownIdError("fusion", fuse, FUSIONS)
    score = PAIR_SCORES.parse(rerank) if rerank is not None else None
    with progress_bar() as progress:
        engine, *others = [ImageSimilarityEngine(spec, progress=progress) for spec in specs]
        if image is not None and image not in engine.pipeline.open(source, progress).rows:
            to_image(image)  # a wrong path is said before the long work
        index = engine.index(source)
        wanted = k if score is None else max(k, candidates)
        if others and image is not None:
            found = [index.embeddings, *(other.index(source).embeddings for other in others)]
            row = index.collection.rows.get(image)
            query = to_image(image) if row is None else row
            matches = ranking.fused_search(index.pipeline, index.collection, found, query, fuse, wanted)
        else:
            matches = index.search(image, wanted, text=text)
        if score is not None and image is not None:
            matches = index.rerank(image, matches, score, k, progress)
    rows = [_match_row(match, images.path_of(index.collection, match.id)) for match in matches]
    emit({"matches": rows}, as_json, table="matches")


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
