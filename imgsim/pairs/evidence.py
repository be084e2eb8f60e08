"""Evidence on a pair, kept in the store: pictures and parts as arrays, words and numbers as JSON."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from imgsim import explanations
from imgsim.explanations import Bars, Evidence, Picture
from imgsim.methods import Method
from imgsim.methods.worn import Worn
from imgsim.pairs.sides import Side, Subject, picture, ready, subject_of
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Collection, key_of

SIDE = 512  # short side in pixels below which pictures are not decoded


def find_evidence(
    pipeline: Pipeline, collection: Collection, a: Side, b: Side, spec: str, progress: Progress = silent
) -> str:
    """The store key of the evidence of a method or pair score on two images; `load_evidence` reads it.

    Raises:
        InputError: an unknown spec.
        UnavailableError: the method lacks weights or a package.
    """
    progress("Looking for evidence", 0, 1)
    subject = _bare(subject_of(spec))
    sides = [_identity(collection, side) for side in (a, b)]
    learnt_on = collection.fingerprint if isinstance(subject, Method) and subject.needs_fit else ""
    kind = explanations.explanation_of(subject)
    content = {
        "sides": sides,
        "subject": subject.key,
        "learnt_on": learnt_on,
        "explanation": kind.id,
        "version": kind.version,
    }

    def build(directory: Path) -> None:
        able = ready(pipeline, collection, subject, progress) if isinstance(subject, Method) else subject
        first, second = (picture(pipeline, collection, side, max(SIDE, subject.min_side)) for side in (a, b))
        _write(directory, explanations.explain(able, first, second))

    key = key_of("evidence", **content)
    pipeline.store.compute("evidence", key, build, progress)
    progress("Looking for evidence", 1, 1)
    return key


def load_evidence(pipeline: Pipeline, key: str) -> Evidence | None:
    """Evidence by its key; None where the store has dropped it."""
    folder = pipeline.store.find("evidence", key)
    return None if folder is None else _read(folder)


def _bare(subject: Subject) -> Subject:
    """What a method wears plays no part in its evidence."""
    return subject.base if isinstance(subject, Worn) else subject


def _identity(collection: Collection, side: Side) -> str:
    if isinstance(side, int):
        return collection.hashes[side]
    return hashlib.sha256(repr(side.shape).encode() + side.tobytes()).hexdigest()


def _write(directory: Path, found: Evidence) -> None:
    facts = {
        "kind": found.kind,
        "says": found.says,
        "numbers": {name: float(value) for name, value in found.numbers.items()},
        "pictures": [{"title": one.title, "caption": one.caption} for one in found.pictures],
        "bars": None if found.bars is None else {**asdict(found.bars), "a": None, "b": None},
    }
    arrays = {f"part_{name}": np.asarray(array) for name, array in found.arrays.items()}
    arrays |= {f"picture_{n}": one.pixels for n, one in enumerate(found.pictures)}
    if found.bars is not None:
        arrays |= {"bars_a": found.bars.a, "bars_b": found.bars.b}
    write_arrays(directory, facts, arrays)


def _read(folder: Path) -> Evidence:
    facts, arrays = read_arrays(folder)
    pictures = tuple(
        Picture(one["title"], np.asarray(arrays[f"picture_{n}"]), one["caption"])
        for n, one in enumerate(facts["pictures"])
    )
    bars = facts["bars"]
    if bars is not None:
        given = {name: tuple(bars[name]) for name in ("labels", "colors")}
        bars = Bars(bars["title"], a=arrays["bars_a"], b=arrays["bars_b"], unit=bars["unit"], **given)
    parts = {name.removeprefix("part_"): array for name, array in arrays.items() if name.startswith("part_")}
    return Evidence(facts["kind"], facts["says"], pictures, bars, facts["numbers"], parts)
