"""What is asked for, as strings, and the same made concrete: the pictures, what is known of them, and the split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imgsim.anomalies.cohort import Bools, Codes, Cohort, cohort, groups_of, guess_normal, truth_of
from imgsim.anomalies.detector import DEFAULT, DETECTORS, Detector
from imgsim.anomalies.patches import bare
from imgsim.errors import InputError
from imgsim.methods import METHODS, Method
from imgsim.pipeline import Pipeline
from imgsim.types import Collection, Field, key_of

VERSION = 1  # raise it when a study gives other scores
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class StudyRequest:
    """What decides a study, in strings and numbers.

    Attributes:
        source: SOURCE of the normal pictures, or of all.
        test: SOURCE of the pictures to judge; "" for those of `source`.
        normal_where: `field=value` of the normal pictures of `source`; "" takes all as normal.
        label: field of `test` that says what is true; "" where nothing does. With one source it is that of
            `normal_where`.
        label_normal: the value of `label` that means normal; "" for the usual words.
        only: `field=value` of the pictures that take part at all, such as one tissue; "" for all.
        group: field whose equal values belong together, such as a patient; "" for equal contents alone.
        method: spec of the method.
        detector: spec of the detector.
        seed: of the split.
    """

    source: str
    test: str = ""
    normal_where: str = ""
    label: str = ""
    label_normal: str = ""
    only: str = ""
    group: str = ""
    method: str = "imgsim_mini"
    detector: str = DEFAULT
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Setup:
    """A request made concrete: N pictures, those of `parts` one after the other."""

    parts: tuple[tuple[Collection, Rows], ...]
    shown: int  # the number of the part that is judged and shown
    cohort: Cohort
    method: Method
    detector: Detector
    all_normal: bool

    @property
    def start(self) -> int:
        """Where the shown part begins."""
        return sum(len(rows) for _, rows in self.parts[: self.shown])

    @property
    def key(self) -> str:
        """Content key; labels that decide nothing but the measures are not part of it."""
        method = bare(self.method) if self.detector.needs == "patches" else self.method
        return key_of(
            "anomalies",
            parts=[(collection.fingerprint, np.asarray(rows).tolist()) for collection, rows in self.parts],
            normal=self.cohort.normal.tolist(),
            folds=self.cohort.folds.tolist(),
            method=method.key,
            detector=self.detector.key,
            version=VERSION,
        )


def normal_rows(collection: Collection, where: str) -> Bools:
    """(N,) the pictures of a `field=value`; all of them for "".

    Raises:
        InputError: it is no such text, or there is no such field or value.
    """
    if not where:
        return np.ones(len(collection), bool)
    return np.asarray(truth_of(*_where(collection, where)) == 0)


def _where(collection: Collection, where: str) -> tuple[Field, str]:
    name, equals, value = where.partition("=")
    if not equals:
        raise InputError(f"normal pictures must be chosen as field=value, got {where!r}; for example label=normal.")
    return collection.field(name.strip()), value.strip()


def concrete(pipeline: Pipeline, request: StudyRequest) -> Setup:
    """The pictures, methods and split behind a request.

    Raises:
        InputError: a source, field, value, method or detector is not known, or normal pictures are too few.
    """
    method, detector = METHODS.parse(request.method).settled(), DETECTORS.parse(request.detector)
    collection = pipeline.open(request.source)
    normal = normal_rows(collection, request.normal_where)
    part = normal_rows(collection, request.only)
    if request.test:
        return _of_two(pipeline, request, collection, np.flatnonzero(normal & part), method, detector)
    rows = np.flatnonzero(part)
    truth = truth_of(*_where(collection, request.normal_where)) if request.normal_where else _unknown(len(collection))
    groups = groups_of([collection.hashes[row] for row in rows], _values([(collection, rows)], request.group))
    members = cohort(normal[rows], truth[rows], groups, seed=request.seed)
    return Setup(((collection, rows),), 0, members, method, detector, bool(normal[rows].all()))


def _of_two(
    pipeline: Pipeline, request: StudyRequest, collection: Collection, rows: Rows, method: Method, detector: Detector
) -> Setup:
    """Normal pictures from one collection, judged ones from another."""
    test = pipeline.open(request.test)
    by = request.only.partition("=")[0].strip()
    judged = np.flatnonzero(normal_rows(test, request.only if by in test.fields else ""))
    parts = ((collection, rows), (test, judged))
    hashes = [one.hashes[row] for one, chosen in parts for row in chosen]
    learns = np.arange(len(hashes)) < len(rows)
    truth = np.concatenate([np.zeros(len(rows), np.int64), _truth_of_test(test, request)[judged]])
    members = cohort(learns, truth, groups_of(hashes, _values(parts, request.group)), seed=request.seed)
    return Setup(parts, 1, members, method, detector, False)


def _unknown(n: int) -> Codes:
    return np.full(n, -1, np.int64)


def _truth_of_test(test: Collection, request: StudyRequest) -> Codes:
    if not request.label:
        return _unknown(len(test))
    values = test.field(request.label)
    normal = request.label_normal or guess_normal(values)
    if normal is None:
        raise InputError(f"the field {request.label} must say what is normal, got no usual word; name the value.")
    return truth_of(values, normal)


def _values(parts: Sequence[tuple[Collection, Rows]], field: str) -> Field | None:
    """A field of all pictures; one collection may lack it, but not all."""
    if not field:
        return None
    if not any(field in collection.fields for collection, _ in parts):
        parts[0][0].field(field)  # says which there are
    nothing = np.array([""], object)
    columns = [
        np.asarray(one.fields[field], object)[rows] if field in one.fields else nothing.repeat(len(rows))
        for one, rows in parts
    ]
    return np.concatenate(columns)
