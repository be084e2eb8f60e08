"""Commands that compare: two images, or one image with a collection."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from imgsim import images
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import MethodOption
from imgsim.engine import ImageSimilarityEngine, to_image
from imgsim.errors import InputError
from imgsim.methods import DEFAULT, METHODS
from imgsim.types import Match

DEFAULT_METHODS = ("pixels", "color_histogram", "hog", "lbp", "phash", DEFAULT)


def similarity(
    a: Annotated[str, typer.Argument(metavar="A", help="An image file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another image file.")],
    method: Annotated[list[str] | None, typer.Option("--method", "-m", help="Method id or spec; repeat.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every method that can run here.")] = False,
    reference: Annotated[str, typer.Option(help="SOURCE whose random pairs give the percentile.")] = "builtin:photos",
    as_json: Json = False,
) -> None:
    """How similar two images are, by several methods.

    Example: imgsim similarity a.jpg b.jpg -m hog -m phash
    """
    specs = _available() if every else list(method or DEFAULT_METHODS)
    with progress_bar() as progress:
        scores = [
            asdict(ImageSimilarityEngine(spec, reference=reference, progress=progress).compare(a, b)) | {"method": spec}
            for spec in specs
        ]
    emit({"scores": scores}, as_json, table="scores")


def search(
    source: Source,
    image: Annotated[str | None, typer.Argument(metavar="[IMAGE]", help="An image file, or an id of SOURCE.")] = None,
    text: Annotated[str | None, typer.Option(help="Words instead of an image.")] = None,
    method: MethodOption = DEFAULT,
    k: Annotated[int, typer.Option("-k", min=1, help="How many matches.")] = 10,
    as_json: Json = False,
) -> None:
    """The images of a SOURCE most similar to one.

    Example: imgsim search photos/ query.jpg -m hog -k 5
    """
    if (image is None) == (text is None):
        raise InputError("the query must be one image or --text, got both or neither; name an image file.")
    if text is not None:
        raise InputError(f"--text must be used with a text and image method, got {method!r}; search by an image.")
    with progress_bar() as progress:
        engine = ImageSimilarityEngine(method, progress=progress)
        if image not in engine.pipeline.open(source, progress).rows:
            to_image(image)  # a wrong path is said before the long work
        index = engine.index(source)
        matches = index.search(image or "", k)
    rows = [_match_row(match, images.path_of(index.collection, match.id)) for match in matches]
    emit({"matches": rows}, as_json, table="matches")


def _match_row(match: Match, path: str) -> dict[str, Any]:
    return {"id": match.id, "path": path, "score": match.score, "distance": match.distance, "rank": match.rank}


def _available() -> list[str]:
    return [cls.id for cls in METHODS if cls().unavailable() is None]
