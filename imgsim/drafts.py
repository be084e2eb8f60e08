"""Vectors on their way to the disk: a killed run goes on where it stopped, and known rows are taken over.

A draft is a folder of the store that is not finished:

    vectors.npy   (N, D) float32, filled in any order
    hashes.npy    (N,) the content hash of the image behind each row
    done.npy      (N,) uint8, 1 where the vector is on the disk; made last, so a draft without it counts for nothing
    spent.json    seconds that the rows have cost so far

A row is marked only after its vector has reached the disk: what a crash left half written never counts as a vector.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from imgsim.types import Float

COPIED_AT_ONCE = 16 << 20  # bytes of vectors taken over at a time
HASH = "S64"

Rows = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.bytes_]


def hashes_of(hashes: Sequence[str]) -> Hashes:
    """(N,) hexadecimal sha256 digests as an array."""
    return np.array(hashes, HASH)


class Draft:
    """The (N, D) vectors of one method, of which some rows are there; opens what an earlier run left, or begins anew.

    Args:
        directory: of the store, being written.
        hashes: (N,) of `hashes_of`.
        dim: D.

    Attributes:
        seconds: that the rows have cost, those taken over included.
        fit_seconds: that learning took.
    """

    def __init__(self, directory: Path, hashes: Hashes, dim: int) -> None:
        self.directory, self.hashes, self.dim = directory, hashes, dim
        self.seconds = self.fit_seconds = 0.0
        if not self._resumes():
            self._begin()
        self._file: BinaryIO = self._path("vectors.npy").open("r+b")
        self._offset = np.load(self._path("vectors.npy"), mmap_mode="r").offset
        self._done = np.load(self._path("done.npy"), mmap_mode="r+")
        self._written: list[Rows] = []

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """(N,) rows that are to be computed."""
        missing: npt.NDArray[np.bool_] = np.asarray(self._done) == 0
        for rows in self._written:
            missing[rows] = False
        return missing

    @property
    def n_done(self) -> int:
        """Rows that are there for good."""
        return int(np.count_nonzero(self._done))

    def put(self, rows: Sequence[int] | Rows, vectors: Float) -> None:
        """Write (B, D) vectors; `keep` makes them count."""
        where = np.asarray(rows, np.int64)
        data = np.ascontiguousarray(vectors, np.float32)
        breaks = np.flatnonzero(np.diff(where) != 1) + 1
        for part, values in zip(np.split(where, breaks), np.split(data, breaks), strict=True):
            if len(part):
                self._file.seek(self._offset + int(part[0]) * self.dim * 4)
                self._file.write(values.tobytes())
        self._written.append(where)

    def keep(self) -> None:
        """Mark what was put as done, once it is on the disk."""
        if not self._written:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        for rows in self._written:
            self._done[rows] = 1
        self._done.flush()
        self._written.clear()
        _replace(self._path("spent.json"), {"seconds": self.seconds, "fit_seconds": self.fit_seconds})

    def borrow(self, other: Path) -> int:
        """Take over rows of the same contents from a result or a draft of the same method; returns how many.

        Only for methods that learn nothing from their collection. What is no such folder gives nothing.
        """
        try:
            vectors = np.load(other / "vectors.npy", mmap_mode="r")
            there, spent = _known(other)
        except (OSError, ValueError, KeyError):
            return 0
        if vectors.ndim != 2 or len(vectors) != len(there):
            return 0
        return self.take(there, vectors, spent / max(1, int(np.count_nonzero(there != b""))))

    def take(self, hashes: Hashes, vectors: Float, cost: float = 0.0) -> int:
        """Take over what is missing of (B, D) vectors of images of these contents; returns how many rows that fills.

        `cost` is in seconds a row. A vector of another length is none of this method.
        """
        if vectors.shape[1] != self.dim:
            return 0
        rows = np.flatnonzero(self.missing)
        found = _rows_of(self.hashes[rows], hashes)
        rows, found = rows[found >= 0], found[found >= 0]
        step = max(1, COPIED_AT_ONCE // (4 * self.dim))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            self.put(rows[part], vectors[found[part]])
        self.seconds += cost * len(rows)
        self.keep()
        return len(rows)

    def learnt(self) -> dict[str, npt.NDArray[Any]]:
        """What the method had learnt before it stopped, by field name; empty where nothing was done with it."""
        if not self.n_done:
            return {}
        return {path.stem[len("fitted_") :]: np.load(path) for path in self.directory.glob("fitted_*.npy")}

    def learn(self, arrays: Mapping[str, npt.NDArray[Any]], seconds: float) -> None:
        """Keep what the method has learnt, before any row that was computed with it."""
        self.fit_seconds += seconds
        for name, array in arrays.items():
            with self._path(f"fitted_{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                os.fsync(file.fileno())

    def forget(self) -> None:
        """Nothing is done: every row is computed anew."""
        self._done[:] = 0
        self._done.flush()
        self.seconds = self.fit_seconds = 0.0

    def finish(self) -> None:
        """Leave what belongs to a result; every row must be done."""
        assert self.n_done == len(self.hashes), f"{self.n_done} of {len(self.hashes)} rows are done"
        self.close()
        self._path("done.npy").unlink()
        self._path("spent.json").unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; what was put and not kept is lost."""
        self._file.close()

    def _path(self, name: str) -> Path:
        return self.directory / name

    def _resumes(self) -> bool:
        try:
            vectors = np.load(self._path("vectors.npy"), mmap_mode="r")
            done, hashes = np.load(self._path("done.npy")), np.load(self._path("hashes.npy"))
            spent = _spent(self.directory)
        except (OSError, ValueError):
            return False
        n = len(self.hashes)
        if vectors.shape != (n, self.dim) or done.shape != (n,) or not np.array_equal(hashes, self.hashes):
            return False
        self.seconds, self.fit_seconds = spent.get("seconds", 0.0), spent.get("fit_seconds", 0.0)
        return True

    def _begin(self) -> None:
        for path in self.directory.iterdir():
            path.unlink()
        with self._path("vectors.npy").open("wb") as file:
            shape = (len(self.hashes), self.dim)
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
            file.truncate(file.tell() + 4 * shape[0] * shape[1])
        np.save(self._path("hashes.npy"), self.hashes)
        # Made last and whole: its presence says that the rest is sound.
        np.save(self._path("done.part.npy"), np.zeros(len(self.hashes), np.uint8))
        self._path("done.part.npy").replace(self._path("done.npy"))


def _known(folder: Path) -> tuple[Hashes, float]:
    """(N,) hashes of the rows that are there, "" where one is not, and the seconds they cost."""
    hashes: Hashes = np.load(folder / "hashes.npy")
    if (folder / "facts.json").exists():
        return hashes, float(json.loads((folder / "facts.json").read_text())["seconds"])
    done = np.load(folder / "done.npy")
    return np.where(done == 1, hashes, np.bytes_(b"")), float(_spent(folder).get("seconds", 0.0))


def _spent(folder: Path) -> dict[str, float]:
    path = folder / "spent.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _rows_of(wanted: Hashes, there: Hashes) -> Rows:
    """(M,) for each of (M,) hashes a row of (N,) others that is equal, else -1."""
    if not len(there):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(there, kind="stable")
    at = order[np.minimum(np.searchsorted(there, wanted, sorter=order), len(there) - 1)]
    return np.where((there[at] == wanted) & (wanted != b""), at, -1).astype(np.int64)


def _replace(path: Path, facts: Mapping[str, float]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(facts))
    part.replace(path)
