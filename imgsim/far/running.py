"""Embed a source into shards, here or on a Ray cluster; a stopped run goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imgsim.errors import InputError, UnavailableError
from imgsim.far.embedder import Embedder, Report
from imgsim.images.sources import Listing, open_source
from imgsim.images.sources._parquet import ParquetFiles
from imgsim.images.sources._places import filesystem
from imgsim.images.sources.shards import NOTE, EmbeddedMethod, Note
from imgsim.methods import METHODS, Method, settled_spec
from imgsim.progress import Progress, silent

SHARD_ROWS = 4096
LISTED = 1000  # unreadable files that the note names


@dataclass(frozen=True)
class Chunk:
    """Candidates of one shard: ids, locations and fields by name."""

    ids: list[str]
    locations: list[str]
    fields: dict[str, list[Any]]


@dataclass(frozen=True)
class Job:
    """What every worker is told: SOURCE, method specs, folder of shards."""

    source: str
    specs: tuple[str, ...]
    out: str


Engine = Callable[[Job, Sequence[Chunk], str | None], Iterable[Report]]


@dataclass(frozen=True)
class Outcome:
    """What a run gave: the note of the shards, how many images this run embedded, its seconds, each method's share."""

    note: Note
    n_new: int
    seconds: float
    shares: tuple[float, ...]


def embed(
    source: str,
    specs: Sequence[str],
    out: str,
    *,
    engine: str = "local",
    address: str | None = None,
    shard_rows: int = SHARD_ROWS,
    progress: Progress = silent,
) -> Outcome:
    """Embed every image of a SOURCE into a folder of shards, which is a SOURCE itself.

    Args:
        source: SOURCE; with Ray it must be in reach of every worker under the same name.
        specs: methods; none may learn from the collection.
        out: path or URL of a new folder, or of one where the same run was stopped.
        engine: `local` or `ray`.
        address: of a running Ray cluster; without one Ray starts on this machine.
        shard_rows: images a shard.
        progress: called after each shard.

    Raises:
        InputError: a method learns from the collection, or the folder holds something else.
        UnavailableError: Ray or a method's weights are missing.
    """
    if engine not in ENGINES:
        raise InputError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}; choose one of these.")
    specs = [settled_spec(spec) for spec in specs]  # workers choose nothing: all must do the same
    methods = [_usable(METHODS.parse(spec), progress) for spec in specs]
    opened = open_source(source)
    known = tuple(EmbeddedMethod(s, m.key, m.dim, m.metric) for s, m in zip(specs, methods, strict=True))
    note = _begun(Note(opened.name, opened.canonical, known, state=opened.state()), out)
    listing = opened.listing()
    done = _done(out)
    chunks = list(_chunks(listing, done, shard_rows))
    start, total, n_new, seconds = time.perf_counter(), len(listing.ids), 0, [0.0] * len(methods)
    unreadable = [(one.path, one.reason) for one in listing.refused]
    stage = f"Embedding with {', '.join(method.title for method in methods)}"
    seen = len(done)
    progress(stage, seen, total)
    for report in ENGINES[engine](Job(opened.canonical, tuple(specs), out), chunks, address) if chunks else ():
        n_new += report.n_images
        unreadable += report.unreadable
        seconds = [a + b for a, b in zip(seconds, report.seconds, strict=True)]
        seen += report.n_images + len(report.unreadable)
        progress(stage, seen, total)
    finished = replace(
        note,
        n_images=len(done) + n_new,
        unreadable=tuple(unreadable[:LISTED]),
        n_unreadable=len(unreadable),
        complete=True,
    )
    finished.write(out)
    return Outcome(finished, n_new, time.perf_counter() - start, tuple(seconds))


def _local(job: Job, chunks: Sequence[Chunk], address: str | None) -> Iterator[Report]:
    if address is not None:
        raise InputError(f"an address must come with the engine ray, got {address!r} for local; add --engine ray.")
    embedder = Embedder(job.source, job.specs, job.out)
    for chunk in chunks:
        yield embedder(chunk.ids, chunk.locations, chunk.fields)


def _ray(job: Job, chunks: Sequence[Chunk], address: str | None) -> Iterator[Report]:
    from imgsim.far.ray_engine import run

    return run(job.source, job.specs, job.out, chunks, address)


ENGINES: dict[str, Engine] = {"local": _local, "ray": _ray}


def _usable(method: Method, progress: Progress) -> Method:
    if method.needs_fit:
        raise InputError(
            f"shards must be embedded by methods that learn nothing from the collection, got {method.id}; "
            "embed a sample of it with that method."
        )
    method.acquire(progress)
    reason = method.unavailable()
    if reason:
        raise UnavailableError(reason)
    return method


def _begun(note: Note, out: str) -> Note:
    """The note of this run, written into its folder; that of the same run where it was stopped."""
    fs, root = filesystem(out)
    if fs.isfile(f"{root}/{NOTE}"):
        earlier = Note.read(out)
        same = (earlier.source, earlier.methods, earlier.state) == (note.source, note.methods, note.state)
        if not same or earlier.of:
            raise InputError(f"--out must be a new folder, got {out} with other shards in it; choose another one.")
        return earlier
    if fs.exists(root) and any(not path.rpartition("/")[2].startswith(".") for path in fs.ls(root, detail=False)):
        raise InputError(f"--out must be a new folder, got {out} with files in it; choose another one.")
    note.write(out)
    return note


def _done(out: str) -> set[str]:
    files = ParquetFiles(out)
    return {id for name in files.names() for table in files.groups(name, ["id"]) for id in table["id"].to_pylist()}


def _chunks(listing: Listing, done: set[str], rows: int) -> Iterator[Chunk]:
    left = [row for row, id in enumerate(listing.ids) if id not in done]
    for start in range(0, len(left), rows):
        part = left[start : start + rows]
        fields = {name: [column[row] for row in part] for name, column in listing.fields.items()}
        yield Chunk([listing.ids[row] for row in part], [listing.locations[row] for row in part], fields)
