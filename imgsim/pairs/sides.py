"""The two images of a pair, and what they are compared by."""

from __future__ import annotations

import numpy as np

from imgsim import uploads
from imgsim.errors import UnavailableError
from imgsim.methods import METHODS, Method
from imgsim.pair_scores import PAIR_SCORES, PairScore
from imgsim.parameters import parse_spec
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.types import Collection, Image

Side = int | Image  # a row of the collection, or a picture
Subject = Method | PairScore

MOST_LABELS = 1_000


def side_of(collection: Collection, reference: str) -> Side:
    """The side of an id of the collection, or of the reference of an uploaded picture.

    Raises:
        InputError: no such id, or the upload is gone.
    """
    return uploads.read(reference) if uploads.is_upload(reference) else collection.row(reference)


def subject_of(spec: str) -> Subject:
    """The method or pair score of a spec.

    Raises:
        InputError: there is none of that id.
    """
    return PAIR_SCORES.parse(spec) if parse_spec(spec)[0] in PAIR_SCORES else METHODS.parse(spec)


def picture(pipeline: Pipeline, collection: Collection, side: Side, min_side: int = 256) -> Image:
    """The pixels of a side.

    Raises:
        UnreadableImageError: the file has gone or changed.
    """
    return pipeline.read_image(collection, side, min_side) if isinstance(side, int) else side


def ready(pipeline: Pipeline, collection: Collection, method: Method, progress: Progress = silent) -> Method:
    """The method with what it needs: weights, and what it learns from the collection.

    Raises:
        UnavailableError: it lacks weights or a package.
    """
    if method.needs_fit:
        return pipeline.method_of(pipeline.embed(collection, [method], progress)[0])
    check(method, progress)
    return method


def check(subject: Subject | str, progress: Progress = silent) -> None:
    """Fetch what a method misses; a pair score misses nothing.

    Raises:
        InputError: an unknown spec.
        UnavailableError: it lacks weights or a package.
    """
    one = subject_of(subject) if isinstance(subject, str) else subject
    if isinstance(one, Method):
        one.acquire(progress)
        if reason := one.unavailable():
            raise UnavailableError(reason)


def label_field(collection: Collection) -> str:
    """The first text field with pairs of one value and of different ones; "" where there is none."""
    for name, values in collection.fields.items():
        if values.dtype.kind == "f":
            continue
        n = len(np.unique(values[values != ""]))
        if 2 <= n <= min(MOST_LABELS, (values != "").sum() - 1):
            return name
    return ""
