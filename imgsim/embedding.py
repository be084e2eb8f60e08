"""One pass over a collection for all the methods asked for: each image is read once.

It is decoded once for each different scale that the methods need, so that a vector does not depend on which others are
made in the same pass.

Decoding threads read and prepare images in a bounded window ahead while this thread runs the methods on full batches;
vectors go to a draft on disk, which says every few seconds which rows are there for good. Rows that a draft has already
are not decoded. Memory does not depend on the size of the collection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from imgsim.drafts import Draft
from imgsim.errors import ImgsimError, InputError
from imgsim.methods import Array, Method
from imgsim.progress import Progress
from imgsim.types import Float, Image

FIT_SAMPLE = 400
KEEP_SECONDS = 2.0  # of work that a kill may cost
AHEAD_BYTES = 256 << 20  # of prepared images that wait in memory from the scan to the embedding
Prepare = Callable[[Image], list[Array]]
Prepared = Iterator[tuple[int, list[Array] | ImgsimError]]
Need = tuple[Callable[[Image], Array], int]  # what a method makes of an image, and its `min_side`
Stream = Callable[[Sequence[int], Sequence[Need]], Prepared]  # rows, needs -> (row, what each makes) in row order


@dataclass
class Ahead:
    """What a method needs of the images, prepared while the scan has them open, so that none is decoded twice.

    The memory is bounded: images beyond it are read again.

    Attributes:
        method: the one that prepares.
        room: bytes that are left.
        busy: seconds of all threads together in reading, decoding and preparing.
    """

    method: Method
    room: int = AHEAD_BYTES
    busy: float = 0.0
    _prepared: dict[str, Array] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def min_side(self) -> int:
        """The short side in pixels that the method needs."""
        return self.method.min_side

    def see(self, sha256: str, image: Image, seconds: float) -> None:
        """Prepare an image, called from several threads while the collection is scanned."""
        if self.room <= 0:
            return
        start = time.perf_counter() - seconds
        prepared = self.method.prepare(image)
        with self._lock:
            self.busy += time.perf_counter() - start
            self.room -= 0 if sha256 in self._prepared else prepared.nbytes
            self._prepared[sha256] = prepared

    def stream(self, stream: Stream, hashes: Sequence[str]) -> Stream:
        """A stream for this method alone that hands out what is prepared and reads the rest."""

        def run(rows: Sequence[int], needs: Sequence[Need]) -> Prepared:
            missing = stream([row for row in rows if hashes[row] not in self._prepared], needs)
            for row in rows:
                known = self._prepared.get(hashes[row])
                yield (row, [known]) if known is not None else next(missing)

        return run


class Batch:
    """Prepared images that wait until there are as many as their method takes at once.

    Args:
        method: runs on them, in the order in which they came.

    Attributes:
        seconds: spent in the method so far.
    """

    def __init__(self, method: Method) -> None:
        self.method, self.seconds = method, 0.0
        self._waiting: list[Array] = []

    def add(self, prepared: Array) -> Float:
        """(B, D) vectors of all that waited, if it is enough now; else (0, D).

        Raises:
            InputError: the method gave other than finite vectors of its own length.
        """
        self._waiting.append(prepared)
        return self.flush() if len(self._waiting) >= self.method.batch_size else self._none()

    def flush(self) -> Float:
        """(B, D) vectors of all that waits.

        Raises:
            InputError: as `add`.
        """
        if not self._waiting:
            return self._none()
        start = time.perf_counter()
        vectors = _checked(self.method, self.method.embed_batch(self._waiting), len(self._waiting))
        self.seconds += time.perf_counter() - start
        self._waiting.clear()
        return vectors

    def _none(self) -> Float:
        return np.empty((0, self.method.dim), np.float32)


class Pass:
    """One method's part of a pass: where its vectors go, and the time it took.

    Args:
        method: that embeds.
        draft: takes the vectors.
    """

    def __init__(self, method: Method, draft: Draft) -> None:
        self.method, self.draft = method, draft
        self._batch = Batch(method)
        self._rows: list[int] = []
        self._preparing = 0.0
        self._lock = threading.Lock()

    @property
    def busy(self) -> float:
        """Seconds of all threads together in the method."""
        return self._preparing + self._batch.seconds

    def prepare(self, image: Image) -> Array:
        """What the method needs of an image; called from several threads."""
        start = time.perf_counter()
        prepared = self.method.prepare(image)
        with self._lock:
            self._preparing += time.perf_counter() - start
        return prepared

    def add(self, row: int, prepared: Array) -> None:
        """Take one prepared image; run the method when a batch is full."""
        self._rows.append(row)
        self._put(self._batch.add(prepared))

    def flush(self) -> None:
        """Run the method on what waits."""
        self._put(self._batch.flush())

    def _put(self, vectors: Float) -> None:
        if len(vectors):
            self.draft.put(self._rows, vectors)
            self._rows.clear()


def fitted(
    methods: Sequence[Method], drafts: Sequence[Draft], stream: Stream, progress: Progress, seed: int = 0
) -> list[Method]:
    """The methods, those that need it fitted on a seeded sample of at most 400 of the draft's images.

    A draft that has rows already gives back what they were computed with; else it is told what was learnt, and the
    seconds that took, without the reading of the sample, which all share.
    """
    known = [_as_before(method, draft) for method, draft in zip(methods, drafts, strict=True)]
    at = [i for i, method in enumerate(known) if method.needs_fit]
    if not at or not len(drafts[0].hashes):
        return known
    learners = [known[i] for i in at]
    n = len(drafts[0].hashes)
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:FIT_SAMPLE]).tolist()
    stage = "Learning from a sample for " + _names(learners)
    progress(stage, 0, len(rows))
    samples = []
    for _, prepared in _each(stream, rows, [(one.prepare, one.min_side) for one in learners]):
        samples.append(prepared)
        progress(stage, len(samples), len(rows))
    for place, (i, method) in enumerate(zip(at, learners, strict=True)):
        known[i], seconds = _learnt(method, [sample[place] for sample in samples])
        drafts[i].learn(known[i].fitted_arrays(), seconds)
    return known


def sampled(method: Method, n: int, size: int, stream: Stream, seed: int = 0) -> list[Array]:
    """What a method needs of at most `size` of n images, a seeded sample."""
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:size]).tolist()
    return [arrays[0] for _, arrays in _each(stream, rows, [(method.prepare, method.min_side)])]


def _as_before(method: Method, draft: Draft) -> Method:
    """A method with what it had learnt when it stopped; a draft whose rows nobody can explain begins anew."""
    if not method.needs_fit:
        return method
    learnt = draft.learnt()
    if not learnt:
        draft.forget()
    return method.with_fitted(learnt) if learnt else method


def _learnt(method: Method, sample: Sequence[Array]) -> tuple[Method, float]:
    start = time.perf_counter()
    return method.fit(sample), time.perf_counter() - start


def embed(methods: Sequence[Method], drafts: Sequence[Draft], stream: Stream, progress: Progress) -> None:
    """Fill each method's draft; its `seconds` grow by the method's share of the time taken.

    A share is in proportion to the time spent in the method itself; decoding is shared out likewise. What was computed
    before an error or a stop is kept.

    Raises:
        InputError: an image can no longer be read, or a method gave vectors that are not finite.
    """
    passes = [Pass(method, draft) for method, draft in zip(methods, drafts, strict=True)]
    keeper = _Keeper(passes)
    groups = list(_groups(passes))
    total = sum(len(rows) for _, rows in groups)
    stage = "Embedding with " + _names(methods)
    known = len(drafts[0].hashes) - total
    stage += f", {known:,} known already" if known else ""
    progress(stage, 0, total)
    done = 0
    try:
        for parts, rows in groups:
            needs = [(part.prepare, part.method.min_side) for part in parts]
            for row, prepared in _each(stream, rows, needs):
                for part, array in zip(parts, prepared, strict=True):
                    part.add(row, array)
                done += 1
                keeper.tick()
                progress(stage, done, total)
        for part in passes:
            part.flush()
    finally:
        keeper.keep()


class _Keeper:
    """Makes what was computed count every few seconds."""

    def __init__(self, passes: Sequence[Pass]) -> None:
        self.passes, self.before = passes, [part.draft.seconds for part in passes]
        self.start = self.last = time.perf_counter()

    def tick(self) -> None:
        if time.perf_counter() - self.last >= KEEP_SECONDS:
            self.keep()

    def keep(self) -> None:
        self.last = time.perf_counter()
        shares = _shares(self.passes, self.last - self.start)
        for part, before, share in zip(self.passes, self.before, shares, strict=True):
            part.draft.seconds = before + share
            part.draft.keep()


def _groups(passes: Sequence[Pass]) -> Iterator[tuple[list[Pass], list[int]]]:
    """The rows to decode, those that the same methods miss together, in ascending order."""
    missing = np.stack([part.draft.missing for part in passes])
    patterns, which = np.unique(missing, axis=1, return_inverse=True)
    for i, pattern in enumerate(patterns.T):
        if pattern.any():
            rows = np.flatnonzero(which.ravel() == i).tolist()
            yield [part for part, wanted in zip(passes, pattern, strict=True) if wanted], rows


def _each(stream: Stream, rows: Sequence[int], needs: Sequence[Need]) -> Iterable[tuple[int, list[Array]]]:
    for row, prepared in stream(rows, needs):
        if isinstance(prepared, ImgsimError):
            raise InputError(f"{prepared}; the collection has changed since it was opened, open it again.")
        yield row, prepared


def _checked(method: Method, vectors: Float, n: int) -> Float:
    if vectors.shape != (n, method.dim) or vectors.dtype != np.float32:
        raise InputError(f"{method.id} must give ({n}, {method.dim}) float32, got {vectors.shape} {vectors.dtype}.")
    if not np.isfinite(vectors).all():
        raise InputError(f"{method.id} must give finite vectors, got NaN or infinity; try other parameters.")
    return vectors


def _shares(passes: Sequence[Pass], seconds: float) -> list[float]:
    busy = sum(part.busy for part in passes) or 1.0
    return [seconds * part.busy / busy for part in passes]


def _names(methods: Sequence[Method]) -> str:
    return ", ".join(method.title for method in methods)
