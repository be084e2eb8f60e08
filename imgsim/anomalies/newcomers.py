"""Pictures from outside a study: judged by a detector that has learnt from all of its normal pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from imgsim.anomalies.detector import Features, Fitted
from imgsim.anomalies.patches import patches_of
from imgsim.anomalies.request import Setup, StudyRequest, concrete
from imgsim.anomalies.study import Findings, fit_all
from imgsim.errors import InputError
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Float, Image, key_of

VERSION = 1


@dataclass(frozen=True, eq=False)
class Newcomer:
    """What a study says of a picture that is not in it: a score in the detector's unit, and an (h, w) map or None."""

    score: float
    map: Float | None

    def stranger_than(self, findings: Findings) -> float:
        """Share of the study's normal pictures, each judged without its group, that have a lower score."""
        return float((findings.normal_scores < self.score).mean())


def judge(
    pipeline: Pipeline, request: StudyRequest, pictures: Sequence[Image], progress: Progress = silent
) -> list[Newcomer]:
    """Judge (H, W, 3) uint8 pictures by the detector of a request; kept in the store by their pixels.

    Raises:
        InputError: a source, field, value, method or detector is not known, or normal pictures are too few.
        UnavailableError: the method lacks weights or a package.
    """
    setup = concrete(pipeline, request)
    keys = [_key(setup, picture) for picture in pictures]
    fitted: list[Fitted] = []

    def build(directory: Path, picture: Image) -> None:
        if not fitted:
            fitted.append(fit_all(pipeline, setup, progress))
        found = fitted[0].score(_features(pipeline, setup, picture, progress))
        arrays = {} if found.maps is None else {"map": found.maps[0]}
        write_arrays(directory, {"score": float(found.scores[0])}, arrays)

    for key, picture in zip(keys, pictures, strict=True):
        pipeline.store.compute("newcomers", key, partial(build, picture=picture), progress)
    return [_read(pipeline, key) for key in keys]


def judged(pipeline: Pipeline, request: StudyRequest, picture: Image) -> Newcomer | None:
    """The same of one picture if the store has it, else None; quick.

    Raises:
        InputError: as `judge`.
    """
    key = _key(concrete(pipeline, request), picture)
    return _read(pipeline, key) if pipeline.store.find("newcomers", key) else None


def _key(setup: Setup, picture: Image) -> str:
    pixels = hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()
    return key_of("newcomers", study=setup.key, pixels=pixels, version=VERSION)


def _read(pipeline: Pipeline, key: str) -> Newcomer:
    folder = pipeline.store.find("newcomers", key)
    if folder is None:
        raise InputError("a judgement must be kept by the store, got one that is gone; raise its limit and look again.")
    facts, arrays = read_arrays(folder)
    return Newcomer(float(facts["score"]), np.asarray(arrays["map"]) if "map" in arrays else None)


def _features(pipeline: Pipeline, setup: Setup, picture: Image, progress: Progress) -> Features:
    """What the detector sees of one picture, as it saw the normal ones."""
    if setup.detector.needs == "patches":
        return patches_of(picture, setup.method, setup.detector.patches, progress)
    learnt = pipeline.method_of(pipeline.embed(setup.parts[0][0], [setup.method], progress)[0])
    return learnt.embed([picture])
