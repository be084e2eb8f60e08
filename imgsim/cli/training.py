"""The command that trains a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.methods import trained
from imgsim.pipeline import Pipeline
from imgsim.training import collapsed
from imgsim.training import train as run_training


def train(
    source: Source,
    out: Annotated[str, typer.Option(help="A name for `trained:name=…`, or a .safetensors file.")],
    objective: Annotated[str, typer.Option(help="simclr, vicreg, dino or distillation.")] = "simclr",
    teacher: Annotated[Path | None, typer.Option(help="distillation: safetensors weights of mobilenet_v2.")] = None,
    label: Annotated[str | None, typer.Option(help="Field for the kNN accuracy; never learnt from.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="How long; each objective has its default.")] = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    as_json: Json = False,
) -> None:
    """Train a small network on the images of a SOURCE; a run that was stopped goes on when called again.

    Example: imgsim train ~/Pictures --objective simclr --out mine
    """
    pipeline = Pipeline()
    path = Path(out).expanduser() if out.endswith(trained.SUFFIX) else trained.folder() / f"{out}{trained.SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        images = (pipeline.read_image(collection, row, 128) for row in range(len(collection)))
        labels = [str(value) for value in collection.field(label)] if label else None
        result = run_training(
            objective, images, path, teacher=teacher, labels=labels, steps=steps, seed=seed, progress=progress
        )
    accuracy = [line["knn_accuracy"] for line in result.history if "knn_accuracy" in line]
    losses = [line["loss"] for line in result.history]
    ranks = [line["effective_rank"] for line in result.history if "effective_rank" in line]
    warning = collapsed(result.history[-1])
    told = {"epochs": result.epochs, "loss": losses, "knn_accuracy": accuracy, "effective_rank": ranks}
    emit(told | {"warning": warning, "path": str(result.path)}, as_json)
