"""How far a handful of labels goes."""

from __future__ import annotations

from typing import Annotated

import typer

from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.cli.spaces import MethodOptions
from imgsim.evaluation.few_shot import N_EPISODES
from imgsim.evaluation.few_shot import few_shot as judge
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline


def few_shot(
    source: Source,
    method: MethodOptions,
    label: Annotated[str, typer.Option(help="The field whose values are the classes.")] = "label",
    ways: Annotated[int, typer.Option(help="Classes of an episode.")] = 5,
    shots: Annotated[int, typer.Option(help="Labelled images of each class.")] = 1,
    episodes: Annotated[int, typer.Option(help="Episodes to average over.")] = N_EPISODES,
    seed: Annotated[int, typer.Option(help="Random seed of the episodes; the same for every method.")] = 0,
    as_json: Json = False,
) -> None:
    """How many images are put into the right class after a few labels each? With intervals at 95 % and chance.

    Example: imgsim few-shot builtin:digits -m hog -m pixels --ways 10 --shots 5
    """
    pipeline = Pipeline()
    methods = [METHODS.parse(spec) for spec in method]
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        labels = collection.field(label)
        found = [
            judge(labels, space.vectors, ways=ways, shots=shots, n_episodes=episodes, seed=seed, progress=progress)
            for space in pipeline.embed(collection, methods, progress)
        ]
    rows = [
        {"method": spec, "accuracy": one.accuracy, "ci95": one.ci95, "chance": one.chance, "episodes": one.n_episodes}
        for spec, one in zip(method, found, strict=True)
    ]
    shared = {"label": label, "ways": ways, "shots": shots, "seed": seed, "n_classes": found[0].n_classes}
    emit({**shared, "results": rows}, as_json, table="results")
