"""The store: results on disk under their content key. Atomic, shared between processes, memory-mapped, bounded.

root/<kind>/<key>/…        one finished result, never changed after it is there
root/.writing/<kind>-<key> what a run is writing now; a killed run's leftover is gone on with or swept by the next
root/.locks/               one lock a result, so that two processes that want the same thing compute it once
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from imgsim.errors import InputError
from imgsim.progress import Progress, silent

Arrays = dict[str, npt.NDArray[Any]]

DEFAULT_LIMIT = 10 * 1024**3
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Entry:
    """One stored result: its kind and key, its size in bytes, when it was last used (seconds since the epoch)."""

    kind: str
    key: str
    n_bytes: int
    used: float


class Store:
    """Results by (kind, key) below one folder.

    Args:
        root: the folder; made when first written to.
        limit: most bytes to keep; the least recently used results go first. Without it the limit that was set with
            `set_limit`, else the environment's IMGSIM_CACHE_LIMIT (bytes), else 10 GiB.
    """

    def __init__(self, root: Path, limit: int | None = None) -> None:
        self.root = root
        self._limit = limit

    @property
    def limit(self) -> int:
        """Most bytes kept."""
        if self._limit is not None:
            return self._limit
        saved = self.root / ".limit"
        text = saved.read_text() if saved.exists() else os.environ.get("IMGSIM_CACHE_LIMIT", "")
        return int(text) if text.isdigit() else DEFAULT_LIMIT

    def set_limit(self, n_bytes: int) -> None:
        """Keep at most this many bytes from now on, in every process, and drop what is over.

        Raises:
            InputError: the limit is negative.
        """
        if n_bytes < 0:
            raise InputError(f"the limit must be 0 bytes or more, got {n_bytes}; for example 10 GB.")
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / ".limit").write_text(str(n_bytes))
        self._limit = None
        self.shrink()

    def find(self, kind: str, key: str) -> Path | None:
        """The folder of a finished result, marked as used now; None when there is none."""
        path = self._path(kind, key)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    @contextmanager
    def writing(
        self, kind: str, key: str, progress: Progress = silent, *, resumes: bool = False
    ) -> Iterator[Path | None]:
        """A folder to write a result into; it becomes the result when the block ends without an error.

        With `resumes` it holds what an earlier run left that failed or was killed, and such a leftover stays until it
        is gone on with or the store needs the room.

        Yields None when the result is there already, perhaps because another process has just made it while this one
        waited; `progress` is called during the wait, so that it can be cancelled.
        """
        with self._locked(f"{kind}-{key}", progress):
            if self.find(kind, key) is not None:
                yield None
                return
            directory = self._draft(kind, key)
            if not resumes:
                shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True, exist_ok=True)
            try:
                yield directory
                final = self._path(kind, key)
                final.parent.mkdir(parents=True, exist_ok=True)
                directory.rename(final)
            finally:
                if not resumes:
                    shutil.rmtree(directory, ignore_errors=True)
        self.shrink(keep=(kind, key))

    def compute(self, kind: str, key: str, build: Callable[[Path], None], progress: Progress = silent) -> Path:
        """The folder of a result, built with `build(folder)` if it is not there yet."""
        found = self.find(kind, key)
        if found is None:
            with self.writing(kind, key, progress) as directory:
                if directory is not None:
                    build(directory)
            found = self._path(kind, key)
        return found

    def leftover(self, kind: str, key: str) -> Path | None:
        """The folder that a run left or is writing at; None when there is none."""
        path = self._draft(kind, key)
        return path if path.is_dir() else None

    def entries(self) -> list[Entry]:
        """Everything stored, least recently used first."""
        if not self.root.exists():
            return []
        folders = [f for kind in self.root.iterdir() if kind.is_dir() and kind.name[0] != "." for f in kind.iterdir()]
        found = (_entry(folder) for folder in folders)
        return sorted((entry for entry in found if entry is not None), key=lambda entry: entry.used)

    def size(self) -> int:
        """Bytes stored."""
        return sum(entry.n_bytes for entry in self.entries())

    def clear(self) -> int:
        """Drop every result; returns the bytes freed."""
        entries = self.entries()
        for entry in entries:
            self._drop(entry)
        return sum(entry.n_bytes for entry in entries) + sum(self._sweep(path) for path in self._leftovers())

    def shrink(self, keep: tuple[str, str] | None = None) -> None:
        """Drop leftovers, then the least recently used results until the limit holds; `keep` stays in any case."""
        entries, leftovers = self.entries(), self._leftovers()
        over = sum(entry.n_bytes for entry in entries) + sum(map(_size, leftovers)) - self.limit
        for path in leftovers:
            if over > 0:
                over -= self._sweep(path)
        for entry in entries:
            if over <= 0:
                return
            if (entry.kind, entry.key) != keep:
                self._drop(entry)
                over -= entry.n_bytes

    def _drop(self, entry: Entry) -> None:
        # Renamed first: a reader sees the whole result or none of it.
        doomed = self.root / ".writing" / f"dropped-{entry.key}-{os.getpid()}-{time.monotonic_ns()}"
        doomed.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._path(entry.kind, entry.key).rename(doomed)
        except FileNotFoundError:
            return
        shutil.rmtree(doomed, ignore_errors=True)

    def _leftovers(self) -> list[Path]:
        """What killed runs left and what is being written, oldest first."""
        try:
            found = [(path.stat().st_mtime, path) for path in (self.root / ".writing").iterdir()]
        except FileNotFoundError:
            return []
        return [path for _, path in sorted(found)]

    def _sweep(self, path: Path) -> int:
        """Drop a leftover that nobody writes at; returns the bytes freed."""
        (self.root / ".locks").mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / ".locks" / f"{path.name}.lock")
        try:
            with lock.acquire(timeout=0):
                n_bytes = _size(path)
                shutil.rmtree(path, ignore_errors=True)
                return n_bytes
        except Timeout:
            return 0

    def _draft(self, kind: str, key: str) -> Path:
        return self.root / ".writing" / f"{kind}-{key}"

    def _path(self, kind: str, key: str) -> Path:
        if not (kind.isidentifier() and key.isalnum()):
            raise InputError(f"a key must be hexadecimal digits, got {kind}/{key}; take it from a result.")
        return self.root / kind / key

    @contextmanager
    def _locked(self, name: str, progress: Progress) -> Iterator[None]:
        folder = self.root / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{name}.lock")
        while True:
            try:
                lock.acquire(timeout=_POLL_SECONDS)
                break
            except Timeout:
                progress("Waiting for the same work in another process", 0, 0)
        try:
            yield
        finally:
            lock.release()


def write_arrays(directory: Path, facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Arrays as .npy and facts as JSON, for `read_arrays`."""
    for name, array in arrays.items():
        np.save(directory / f"{name}.npy", array, allow_pickle=False)
    (directory / "facts.json").write_text(json.dumps(facts, ensure_ascii=False))


def read_arrays(directory: Path) -> tuple[dict[str, Any], Arrays]:
    """The facts and the memory-mapped, read-only arrays of a result."""
    arrays = {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in directory.glob("*.npy")}
    return json.loads((directory / "facts.json").read_text()), arrays


def _size(folder: Path) -> int:
    """Bytes in a folder; 0 when it has gone."""
    try:
        return sum(path.stat().st_size for path in folder.rglob("*"))
    except FileNotFoundError:
        return 0


def _entry(folder: Path) -> Entry | None:
    try:
        n_bytes = sum(path.stat().st_size for path in folder.rglob("*"))
        return Entry(folder.parent.name, folder.name, n_bytes, folder.stat().st_mtime)
    except FileNotFoundError:  # dropped by another process meanwhile
        return None
