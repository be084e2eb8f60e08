"""A handful of labels for the rest of a collection, and labels that may be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from imgsim import labelling as core
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import METHOD_HELP, MethodOption
from imgsim.duplicates.judging import wilson
from imgsim.errors import InputError
from imgsim.labelling.asking import ask
from imgsim.labelling.files import as_csv, read_labels
from imgsim.labelling.suspects import suspects
from imgsim.methods import DEFAULT, METHODS
from imgsim.pipeline import Pipeline
from imgsim.tags import Tags
from imgsim.types import Collection, Field

FEW = 5  # neighbours named beside a doubtful label


def label(
    source: Source,
    labels: Annotated[Path | None, typer.Option(help="CSV with the columns id and label.")] = None,
    tags: Annotated[bool, typer.Option("--tags", help="Take the tags typed on the Explore page as labels.")] = False,
    method: Annotated[str, typer.Option("--method", "-m", help=METHOD_HELP)] = DEFAULT,
    classifier: Annotated[str, typer.Option("--classifier", "-c", help="nearest_mean, logistic or propagation.")] = (
        core.DEFAULT
    ),
    way: Annotated[str, typer.Option("--ask-by", help="What to label next: uncertainty or coverage.")] = "uncertainty",
    n_ask: Annotated[int, typer.Option("--ask", min=0, help="How many images to name for labelling next.")] = 10,
    truth: Annotated[str | None, typer.Option(help="FIELD with the true labels, to say the accuracy.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the predictions as a CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Label the rest of a SOURCE after a handful of examples.

    Example: imgsim label builtin:digits --labels labels.csv -m hog -c propagation --out predicted.csv

    Example: imgsim label ~/Pictures --tags --ask-by coverage --json
    """
    if (labels is None) == (not tags):
        raise InputError("labels must come from --labels or --tags, got both or neither; name one.")
    pipeline, one = Pipeline(), core.CLASSIFIERS.parse(classifier)
    parsed = METHODS.parse(method)
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        known = _of_tags(pipeline, collection) if labels is None else read_labels(labels, collection.rows)
        true = None if truth is None else collection.field(truth)
        if len(set(known.values())) < 2:
            raise InputError("labels must be of two classes or more, got fewer; label an image of another.")
        space = pipeline.embed(collection, [parsed], progress)[0]
        task, names = core.task_of(space, pipeline.neighbors(space, progress=progress), known)
        found = core.predictions(task, one.shares(task))
        asked = ask(way, found, space.vectors, space.metric, task.rows, n_ask)
    if out is not None:
        out.write_text(as_csv(collection.ids, known, found, names), encoding="utf-8", errors="surrogateescape")
    answer = {
        "method": method,
        "classifier": classifier,
        "n_images": len(collection),
        "n_labels": len(known),
        "classes": list(names),
        **({} if true is None else _accuracy(true, known, found, names)),
        "ask": [collection.ids[row] for row in asked],
        "predictions": [
            {
                "id": id,
                "label": known.get(row),
                "predicted": None if code == core.NONE else names[code],
                "share": float(found.share[row]),
                "margin": float(found.margin[row]),
            }
            for row, (id, code) in enumerate(zip(collection.ids, found.codes.tolist(), strict=True))
        ],
    }
    emit(answer, as_json, table="predictions")


def label_errors(
    source: Source,
    method: MethodOption,
    label: Annotated[str, typer.Option(help="FIELD whose values may be wrong.")] = "label",
    k: Annotated[
        int | None, typer.Option("-k", min=1, help="Nearest labelled images that are asked; 15 or fewer by itself.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Labels that may be wrong, the most doubtful first, with the nearest images that say so.

    Example: imgsim label-errors photos/ --label label -m imgsim_mini
    """
    pipeline, parsed = Pipeline(), METHODS.parse(method)
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        values = collection.field(label)
        graph = pipeline.neighbors(pipeline.embed(collection, [parsed], progress)[0], progress=progress)
        found = suspects(values, graph.indices, k)
    ids = collection.ids
    rows = [
        {
            "id": ids[row],
            "given": str(given),
            "likely": str(likely),
            "share_given": float(share),
            "share_likely": float(other),
            "neighbors": [ids[near] for near in graph.indices[row, :FEW]],
        }
        for row, given, likely, share, other in zip(
            found.rows, found.given, found.likely, found.share_given, found.share_likely, strict=True
        )
    ]
    told = {"method": method, "label": label, "k": found.k, "n_checked": found.n_checked, "n_suspects": len(rows)}
    emit({**told, "suspects": rows}, as_json, table="suspects")


def _of_tags(pipeline: Pipeline, collection: Collection) -> dict[int, str]:
    kept = Tags(pipeline.workspace.root, collection.source).all()
    found: dict[int, str] = {}
    for tag, ids in kept.items():
        for id in ids:
            row = collection.rows.get(id)
            if row is not None and found.setdefault(row, tag) != tag:
                raise InputError(f"an image must have one tag to be labelled by it, got two for {id!r}; remove one.")
    return found


def _accuracy(true: Field, known: Mapping[int, str], found: core.Predictions, names: tuple[str, ...]) -> dict[str, Any]:
    """Of the images that were not labelled and have a true label, beside always saying the commonest one."""
    texts = np.asarray(true).astype(str)
    asked = [row for row, text in enumerate(texts.tolist()) if row not in known and text not in ("", "nan")]
    right = sum(found.codes[row] != core.NONE and names[found.codes[row]] == texts[row] for row in asked)
    commonest = np.unique(texts[asked], return_counts=True)[1].max() if asked else 0
    n = len(asked)
    return {
        "accuracy": right / n if n else None,
        "ci95": wilson(right, n) if n else None,
        "majority": int(commonest) / n if n else None,
        "n_asked": n,
    }
