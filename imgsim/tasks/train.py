"""Train a network on a collection; what the Train page shows is kept in the workspace as it goes.

Stopping by a pause or a kill leaves a checkpoint, from which the same arguments go on.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from imgsim import neighbors, training
from imgsim.errors import CancelledError, InputError
from imgsim.methods import DEFAULT, METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.training import live_map, records
from imgsim.training.records import Record
from imgsim.types import Collection, Float, Image

# At most so many images, as more would take longer than the training; vectors that are there already always count.
BASELINES = {"hog": 3000, DEFAULT: 1000}


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments` are those of a `Record`; gives its name and whether it is done or paused.

    Raises:
        InputError: the source, the label or the objective is not known, or there are too few images.
    """
    pipeline = Pipeline()
    asked = Record(**arguments)
    collection = pipeline.open(asked.source, progress)
    labels = [str(value) for value in collection.field(asked.label)] if asked.label else None
    kept = records.read(asked.name)
    resumes = kept is not None and kept.arguments == asked.arguments and kept.state != "done"
    if not resumes:
        records.discard(asked.name)
    records.ask_to_pause(asked.name, False)
    watched = Watched(kept if resumes and kept is not None else asked, collection, progress)
    watched.keep(state="running", n_images=len(collection))
    try:
        if labels is not None and not watched.record.baselines:
            watched.keep(baselines=baselines(pipeline, collection, labels, asked.seed, progress))
        _train(watched, _images(pipeline, collection), labels)
    except CancelledError:
        watched.keep(state="paused")
        return {"name": asked.name, "state": "paused"}
    except Exception:
        watched.keep(state="failed")
        raise
    watched.keep(state="done")
    return {"name": asked.name, "state": "done"}


class Watched:
    """A training whose record is kept up to date.

    Args:
        record: as it stands.
        collection: what is learnt from.
        progress: of the job.
    """

    def __init__(self, record: Record, collection: Collection, progress: Progress) -> None:
        self.record, self.progress = record, progress
        self.rows = training.measured_rows(len(collection), record.seed)
        self.before, self.began = record.seconds, time.monotonic()

    def keep(self, **changes: Any) -> None:
        """Change the record on disk."""
        self.record = dataclasses.replace(self.record, **changes)
        records.write(self.record)

    def step(self, stage: str, done: int, total: int) -> None:
        """A `Progress` that stops when somebody asked for a pause."""
        self.progress({"train": "learning", "decode": "reading pictures"}.get(stage, stage), done, total)
        if records.pause_is_asked(self.record.name):
            raise CancelledError("paused")

    def report(self, line: dict[str, float], vectors: Callable[[], Float]) -> None:
        """A new line and a new map; lines of steps that are done again after a stop are replaced."""
        seconds = self.before + time.monotonic() - self.began
        earlier = [old for old in self.record.history if old["step"] < line["step"]]
        self._draw(vectors())
        self.keep(history=[*earlier, dict(line)], seconds=seconds)

    def _draw(self, vectors: Float) -> None:
        xy, last = live_map.flat(vectors), records.read_map(self.record.name)
        if last is not None and last[1].shape == xy.shape:
            xy = live_map.registered(xy, last[1])
        records.write_map(self.record.name, self.rows, xy)


def baselines(
    pipeline: Pipeline, collection: Collection, labels: list[str], seed: int, progress: Progress
) -> dict[str, float]:
    """1-NN accuracy on the images that the training is judged by: by chance, HOG and the default method.

    HOG learns nothing. Of large collections only the methods count whose vectors are in the store.
    """
    rows = training.measured_rows(len(collection), seed)
    codes = np.unique(np.asarray(labels)[rows], return_inverse=True)[1]
    counts = np.bincount(codes)
    found = {"chance": float((counts * (counts - 1)).sum() / max(len(codes) * (len(codes) - 1), 1))}
    known = [METHODS.create(id) for id in BASELINES]
    cheap = [
        method
        for method in known
        if len(collection) <= BASELINES[method.id] or pipeline.find_embeddings(collection, method) is not None
    ]
    for method, embeddings in zip(cheap, pipeline.embed(collection, cheap, progress), strict=True):
        nearest = neighbors.nearest(np.asarray(embeddings.vectors)[rows], embeddings.metric, 1)[0][:, 0]
        found[method.id] = float((codes[nearest] == codes).mean())
    return found


def _train(watched: Watched, images: Iterator[Image], labels: list[str] | None) -> None:
    record = watched.record
    if training.OBJECTIVES.get(record.objective, training.OBJECTIVES["simclr"]).needs_teacher:
        raise InputError(f"the objective must need no teacher here, got {record.objective}; choose simclr.")
    training.train(
        record.objective,
        images,
        records.network_file(record.name),
        labels=labels,
        steps=record.steps,
        seed=record.seed,
        progress=watched.step,
        report=watched.report,
    )


def _images(pipeline: Pipeline, collection: Collection) -> Iterator[Image]:
    return (pipeline.read_image(collection, row, 128) for row in range(len(collection)))
