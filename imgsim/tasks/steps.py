"""Take one picture through a method step by step, for the page What a method sees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imgsim.methods import METHODS
from imgsim.pairs import sides
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.steps import Chart, Drawn, Step, steps_of
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, key_of

KIND, VERSION = "steps", 1
SHORT_SIDE = 256  # pixels that pictures are decoded to, at least


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `image` (id or reference of an upload) and `method` (spec); the steps are in the store."""
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    method = METHODS.parse(arguments["method"]).settled()

    def build(directory: Path) -> None:
        ready = sides.ready(pipeline, collection, method, progress)
        side = sides.side_of(collection, arguments["image"])
        picture = sides.picture(pipeline, collection, side, max(SHORT_SIDE, method.min_side))
        progress("Taking the picture through the method", 0, 1)
        _write(directory, steps_of(ready, picture))
        progress("Taking the picture through the method", 1, 1)

    pipeline.store.compute(KIND, key(collection, arguments["image"], arguments["method"]), build, progress)
    return {}


def find(pipeline: Pipeline, collection: Collection, image: str, spec: str) -> tuple[Step, ...] | None:
    """The steps if the store has them."""
    folder = pipeline.store.find(KIND, key(collection, image, spec))
    return None if folder is None else _read(folder)


def key(collection: Collection, image: str, spec: str) -> str:
    """Content key; a method that learns depends on the collection too."""
    method = METHODS.parse(spec).settled()
    row = collection.rows.get(image)
    contents = image if row is None else collection.hashes[row]
    learnt_on = collection.fingerprint if method.needs_fit else ""
    return key_of(KIND, method=method.key, contents=contents, learnt_on=learnt_on, version=VERSION)


def _write(directory: Path, steps: tuple[Step, ...]) -> None:
    facts: list[dict[str, Any]] = []
    arrays: dict[str, npt.NDArray[Any]] = {}
    for number, step in enumerate(steps):
        for place, drawn in enumerate(step.pictures):
            arrays[f"picture_{number}_{place}"] = drawn.pixels
        if step.vector is not None:
            arrays["vector"] = step.vector
        told = {"title": step.title, "says": step.says, "formula": step.formula}
        chart = asdict(step.chart) if step.chart else None
        facts.append({**told, "captions": [drawn.caption for drawn in step.pictures], "chart": chart})
    write_arrays(directory, {"steps": json.loads(json.dumps(facts))}, arrays)


def _read(folder: Path) -> tuple[Step, ...]:
    facts, arrays = read_arrays(folder)
    found = []
    for number, told in enumerate(facts["steps"]):
        captions = told.pop("captions")
        chart = told.pop("chart")
        drawn = tuple(Drawn(text, np.array(arrays[f"picture_{number}_{i}"])) for i, text in enumerate(captions))
        last = number == len(facts["steps"]) - 1
        vector = np.array(arrays["vector"]) if last and "vector" in arrays else None
        listed = (
            None
            if chart is None
            else Chart(**{**chart, "names": tuple(chart["names"]), "values": tuple(chart["values"])})
        )
        found.append(Step(**told, pictures=drawn, chart=listed, vector=vector))
    return tuple(found)
