"""Commands that compare: two images, or one image with a collection."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from imgsim import images, ranking
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import METHOD_HELP
from imgsim.engine import ImageSimilarityEngine, to_image
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import DEFAULT, METHODS
from imgsim.neighbors.fusion import FUSIONS
from imgsim.pair_scores import PAIR_SCORES
from imgsim.parameters import parse_spec
from imgsim.progress import Progress
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
    """How similar two images are, by several methods or pair scores such as ssim.

    Example: imgsim similarity a.jpg b.jpg -m hog -m phash -m ssim
    """
    specs = _available() if every else list(method or DEFAULT_METHODS)
    with progress_bar() as progress:
        scores = [
            _pair_row(spec, a, b) if _is_pair_score(spec) else _row(spec, a, b, reference, progress) for spec in specs
        ]
    emit({"scores": scores}, as_json, table="scores")


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


def _is_pair_score(spec: str) -> bool:
    return parse_spec(spec)[0] in PAIR_SCORES


def _pair_row(spec: str, a: str, b: str) -> dict[str, Any]:
    """A pair score in the column that says its direction; without vectors there are no random pairs to compare with."""
    score = PAIR_SCORES.parse(spec)
    value = score.compare(to_image(a), to_image(b))
    closer = score.larger_is_closer
    return {
        "method": spec,
        "similarity": value if closer else None,
        "distance": None if closer else value,
        "percentile": None,
    }


def _row(spec: str, a: str, b: str, reference: str, progress: Progress) -> dict[str, Any]:
    engine = ImageSimilarityEngine(spec, reference=reference, progress=progress)
    return asdict(engine.compare(a, b)) | {"method": spec}


def _check_reads(method: str) -> None:
    if not METHODS[parse_spec(method)[0]].reads_text:
        reading = ", ".join(cls.id for cls in METHODS if cls.reads_text)
        raise InputError(f"--text must be used with a method that reads ({reading}), got {method!r}; name one with -m.")


def _match_row(match: Match, path: str) -> dict[str, Any]:
    return {"id": match.id, "path": path, "score": match.score, "distance": match.distance, "rank": match.rank}


def _available() -> list[str]:
    return [cls.id for cls in METHODS if cls().unavailable() is None] + [cls.id for cls in PAIR_SCORES]
