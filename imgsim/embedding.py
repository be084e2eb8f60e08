"""One pass over a collection for all the methods asked for: each image is decoded once.

Decoding threads read and prepare images in a bounded window ahead while this thread runs the methods on full batches;
vectors are appended to a file in row order. Memory does not depend on the size of the collection.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from imgsim.errors import ImgsimError, InputError
from imgsim.methods import Array, Method
from imgsim.progress import Progress
from imgsim.types import Float, Image

FIT_SAMPLE = 400
AHEAD_BYTES = 256 << 20  # of prepared images that wait in memory from the scan to the embedding
Prepare = Callable[[Image], list[Array]]
Prepared = Iterator[tuple[int, list[Array] | ImgsimError]]
Stream = Callable[[Sequence[int], Prepare, int], Prepared]  # rows, prepare, min_side -> (row, prepared) in row order


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

        def run(rows: Sequence[int], prepare: Prepare, min_side: int) -> Prepared:
            missing = stream([row for row in rows if hashes[row] not in self._prepared], prepare, min_side)
            for row in rows:
                known = self._prepared.get(hashes[row])
                yield (row, [known]) if known is not None else next(missing)

        return run


@dataclass
class Pass:
    """One method's part of a pass: where its vectors go, what waits for a full batch, and the time it took."""

    method: Method
    path: Path
    waiting: list[Array] = field(default_factory=list)
    busy: float = 0.0
    _file: BinaryIO | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, image: Image) -> Array:
        """What the method needs of an image; called from several threads."""
        start = time.perf_counter()
        prepared = self.method.prepare(image)
        with self._lock:
            self.busy += time.perf_counter() - start
        return prepared

    def begin(self, file: BinaryIO, n: int) -> None:
        """Write the header of an (n, D) float32 .npy file; vectors follow batch by batch."""
        self._file = file
        header = {"descr": "<f4", "fortran_order": False, "shape": (n, self.method.dim)}
        np.lib.format.write_array_header_1_0(file, header)

    def add(self, prepared: Array) -> None:
        """Take one prepared image; run the method when a batch is full."""
        self.waiting.append(prepared)
        if len(self.waiting) >= self.method.batch_size:
            self.flush()

    def flush(self) -> None:
        """Run the method on what waits."""
        if not self.waiting:
            return
        assert self._file is not None
        start = time.perf_counter()
        vectors = _checked(self.method, self.method.embed_batch(self.waiting), len(self.waiting))
        with self._lock:
            self.busy += time.perf_counter() - start
        self._file.write(vectors.tobytes())
        self.waiting.clear()


def fitted(
    methods: Sequence[Method], n: int, stream: Stream, progress: Progress, seed: int = 0
) -> tuple[list[Method], list[float]]:
    """The methods, those that need it fitted on a seeded sample of at most 400 of the n images; seconds each learnt.

    The time does not hold the reading of the sample, which all share.
    """
    learners = [m for m in methods if m.needs_fit]
    if not learners or not n:
        return list(methods), [0.0] * len(methods)
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:FIT_SAMPLE]).tolist()
    stage = "Learning from a sample for " + _names(learners)
    samples = list(_each(stream, rows, learners, [m.prepare for m in learners], stage, progress))
    learnt = {id(m): _learnt(m, [sample[i] for sample in samples]) for i, m in enumerate(learners)}
    known = [learnt.get(id(m), (m, 0.0)) for m in methods]
    return [method for method, _ in known], [seconds for _, seconds in known]


def _learnt(method: Method, sample: Sequence[Array]) -> tuple[Method, float]:
    start = time.perf_counter()
    return method.fit(sample), time.perf_counter() - start


def embed(methods: Sequence[Method], paths: Sequence[Path], n: int, stream: Stream, progress: Progress) -> list[float]:
    """Write each method's (n, D) float32 vectors to its .npy path; returns each method's share of the seconds taken.

    A share is in proportion to the time spent in the method itself; decoding is shared out likewise.

    Raises:
        InputError: an image can no longer be read, or a method gave vectors that are not finite.
    """
    start = time.perf_counter()
    passes = [Pass(method, path) for method, path in zip(methods, paths, strict=True)]
    with ExitStack() as files:
        for part in passes:
            part.begin(files.enter_context(part.path.open("wb")), n)
        prepares = [part.prepare for part in passes]
        for prepared in _each(stream, range(n), methods, prepares, "Embedding with " + _names(methods), progress):
            for part, array in zip(passes, prepared, strict=True):
                part.add(array)
        for part in passes:
            part.flush()
    return _shares(passes, time.perf_counter() - start)


def _each(
    stream: Stream,
    rows: Sequence[int],
    methods: Sequence[Method],
    prepares: Sequence[Callable[[Image], Array]],
    stage: str,
    progress: Progress,
) -> Iterable[list[Array]]:
    def prepare(image: Image) -> list[Array]:
        return [one(image) for one in prepares]

    images = stream(rows, prepare, max(method.min_side for method in methods))
    progress(stage, 0, len(rows))
    for done, (_, prepared) in enumerate(images, start=1):
        if isinstance(prepared, ImgsimError):
            raise InputError(f"{prepared}; the collection has changed since it was opened, open it again.")
        yield prepared
        progress(stage, done, len(rows))


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
