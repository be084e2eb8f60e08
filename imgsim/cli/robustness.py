"""The command that measures what methods are blind to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import MethodOptions
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.types import Collection

Which = Annotated[
    list[str] | None,
    typer.Option("--transformation", "-t", help="Such as rotation, jpeg, crop; repeat for several. All without it."),
]
Same = Annotated[
    str | None,
    typer.Option(
        help="Field whose equal values are edits of one picture and no rivals to each other. Taken from the "
        "collection where it says so (photo in builtin:photos); '' for none."
    ),
]


def robustness(
    source: Source,
    method: MethodOptions,
    transformation: Which = None,
    images: Annotated[int, typer.Option(min=1, help="Pictures to transform, drawn at random.")] = 60,
    same: Same = None,
    seed: Annotated[int, typer.Option(help="Random seed of the sample.")] = 0,
    known: Annotated[
        bool, typer.Option(help="Transform nothing: ask the edits that the collection holds (fields photo and edit).")
    ] = False,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="File to write the table to.")] = None,
    as_json: Json = False,
) -> None:
    """What is a method blind to? Transformed pictures look for their own originals, at growing strength.

    With --known nothing is transformed: the edits that builtin:photos and the like hold are asked, at once.

    Example: imgsim robustness builtin:photos -m hog -m phash -t rotation -t jpeg --csv r.csv
    """
    from imgsim import robustness as sweeps
    from imgsim.images.transformations import TRANSFORMATIONS

    pipeline = Pipeline()
    methods = [METHODS.parse(spec) for spec in method]
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        if known:
            rows = _known(pipeline, collection, method, progress)
            _finish(rows, {"n_images": len(collection)}, csv_file, as_json)
            return
        sweep = sweeps.measure(
            pipeline,
            collection,
            methods,
            transformation or tuple(TRANSFORMATIONS),
            n_images=images,
            same=sweeps.family_field(collection) if same is None else same,
            seed=seed,
            names=method,
            progress=progress,
        )
    facts = {name: getattr(sweep, name) for name in ("n_images", "n_rivals", "recall_by_chance")}
    facts |= {"similarity_by_chance": sweep.similarity_by_chance}
    _finish([asdict(point) for point in sweep.points], facts, csv_file, as_json)


def _known(
    pipeline: Pipeline, collection: Collection, specs: Sequence[str], progress: Progress
) -> list[dict[str, Any]]:
    from imgsim.robustness.known_edits import known_edits

    spaces = pipeline.embed(collection, [METHODS.parse(spec) for spec in specs], progress)
    named = zip(specs, spaces, strict=True)
    return [
        {**asdict(row), "method": spec} for spec, space in named for row in known_edits(pipeline, collection, [space])
    ]


def _finish(rows: list[dict[str, Any]], facts: dict[str, Any], csv_file: Path | None, as_json: bool) -> None:
    from imgsim.robustness import table_csv

    if csv_file is not None:
        _write(csv_file, table_csv(rows))
    emit({**facts, "results": rows}, as_json, table="results")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--csv must be a file that can be written, got {path} ({error.strerror}).") from None
