"""Duplicates of a collection, and manipulated pictures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import duplicates as core
from imgsim import images
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.duplicates import choosing
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.types import Collection


def duplicates(
    source: Source,
    bits: Annotated[int, typer.Option(min=0, max=56, help="Most of 256 hash bits by which near copies differ.")] = 31,
    points: Annotated[int, typer.Option(min=8, help="Fewest keypoints that agree in transformed copies.")] = 15,
    candidates: Annotated[
        int,
        typer.Option(min=0, max=50, help="Pictures to check with each point by point; 0: exact and near copies only."),
    ] = 5,
    copy: Annotated[
        tuple[str, str] | None, typer.Option(help="Two ids that are copies; with --no-copy ranks methods by them.")
    ] = None,
    no_copy: Annotated[tuple[str, str] | None, typer.Option(help="Two ids that are no copies.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the decisions as a table.")] = None,
    script: Annotated[Path | None, typer.Option(help="Write a shell script that moves copies aside.")] = None,
    as_json: Json = False,
) -> None:
    """Which pictures are copies: exact, near (hash), transformed (points agree)? Nothing is deleted.

    Example: imgsim duplicates ~/Pictures --csv decisions.csv

    Example: imgsim duplicates ~/Pictures --copy a.jpg b.jpg --no-copy a.jpg c.jpg
    """
    if (copy is None) != (no_copy is None):
        raise InputError("examples must be both --copy and --no-copy, got one of them; give the other pair too.")
    pipeline = Pipeline()
    with progress_bar() as progress:
        collection = core.open_sketched(pipeline, source, progress, candidates)
        ranked = _ranked(pipeline, collection, copy, no_copy, progress) if copy and no_copy else None
        scored = core.score_pairs(pipeline, collection, candidates, progress)
        decision = core.decide(scored, core.Thresholds(bits, points))
        kept, facts = core.keepers(pipeline, collection, scored, decision.groups, progress)
    ids, groups = collection.ids, decision.groups
    if csv:
        csv.write_text(core.as_csv(groups, kept, facts, ids), encoding="utf-8", errors="surrogateescape")
    if script:
        told = core.as_script(groups, kept, ids, lambda id: images.path_of(collection, id))
        script.write_text(told, encoding="utf-8", errors="surrogateescape")
    answer: dict[str, Any] = {
        "n_images": len(collection),
        "n_copies": sum(len(group.rows) - 1 for group in groups),
        "n_too_plain": int(scored.plain.sum()),
        "n_unchecked": scored.skipped,
        "groups": [
            {"ids": [ids[row] for row in group.rows], "kind": group.kind, "keep": ids[keep]}
            for group, keep in zip(groups, kept, strict=True)
        ],
        "pairs": [{"a": ids[p.a], "b": ids[p.b], "kind": p.kind, "score": p.score} for p in decision.pairs],
    }
    if ranked is not None:
        answer["methods"] = [asdict(one) for one in ranked]
    emit(answer, as_json, table="groups" if ranked is None else "methods")


def _ranked(
    pipeline: Pipeline, collection: Collection, copy: tuple[str, str], no_copy: tuple[str, str], progress: Progress
) -> list[choosing.Separation]:
    """The quick methods by how far they keep one pair of copies from one that is none."""
    first, second = ((collection.row(a), collection.row(b)) for a, b in (copy, no_copy))
    spaces = pipeline.embed(collection, [METHODS.create(id) for id in choosing.TRIED], progress)
    return choosing.separations(pipeline, spaces, [first], [second])
