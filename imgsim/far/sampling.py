"""A fair sample of shards that do not fit: every image has the same chance, and the same seed gives the same sample.

The images with the smallest seeded hashes of their ids are taken, so the sample does not depend on the sharding, one
look at the ids is enough, and a larger sample holds the smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.far.embedder import write_table
from imgsim.far.running import SHARD_ROWS
from imgsim.images.sources._parquet import ParquetFiles
from imgsim.images.sources._places import filesystem, make_folder
from imgsim.images.sources.shards import NOTE, Note
from imgsim.progress import Progress, silent

Tickets = npt.NDArray[np.uint64]


def sample(
    shards: str,
    n: int,
    out: str,
    *,
    by: str | None = None,
    at_least: int = 0,
    seed: int = 0,
    progress: Progress = silent,
) -> Note:
    """Write a sample of n images of a folder of shards as a smaller one; memory holds n ids and one row group.

    Args:
        shards: path or URL.
        n: images; all of them where there are fewer.
        out: path or URL of a new folder.
        by: field whose rare values are topped up.
        at_least: images of each of its values; more than the fair share, so measures then lean to rare values.
        seed: of the draw.
        progress: called after each shard.

    Raises:
        InputError: n is below 1, there is no such field, or `out` is not new.
    """
    note, files = Note.read(shards), ParquetFiles(shards)
    if n < 1:
        raise InputError(f"a sample must have at least 1 image, got {n}; ask for one or more.")
    fs, root = filesystem(out)
    if fs.isfile(f"{root}/{NOTE}"):
        raise InputError(f"--out must be a new folder, got {out} with shards in it; choose another one.")
    names = files.names()
    if by is not None and (not names or by not in files.schema(names[0]).names):
        raise InputError(
            f"the sample must be topped up by a field that is there, got {by!r}; see: imgsim info {shards}"
        )
    most, floors, total = _bounds(files, names, n, by, at_least, seed, progress)
    written = _write(files, names, out, most, floors, by, seed, progress)
    made = replace(note, n_images=written, of=total, complete=True)
    made.write(out)
    return made


def tickets(ids: Sequence[str], seed: int) -> Tickets:
    """(N,) uint64, evenly spread and independent of everything but id and seed."""
    key = seed.to_bytes(8, "little", signed=True)
    digests = b"".join(
        hashlib.blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest() for id in ids
    )
    return np.frombuffer(digests, np.uint64)


def _bounds(
    files: ParquetFiles, names: Sequence[str], n: int, by: str | None, at_least: int, seed: int, progress: Progress
) -> tuple[int, dict[str, int], int]:
    """The largest ticket that is taken, that of each value to be topped up, and how many images there are."""
    kept, values, total = np.empty(0, np.uint64), dict[str, Tickets](), 0
    for done, name in enumerate(names):
        progress("Drawing a sample", done, len(names))
        for table in files.groups(name, ["id", by] if by else ["id"]):
            drawn = tickets(table["id"].to_pylist(), seed)
            total += len(drawn)
            kept = _smallest(np.concatenate([kept, drawn]), n)
            if by and at_least:
                texts = np.array([str(value) for value in table[by].to_pylist()])
                for value in np.unique(texts):
                    known = values.get(str(value), np.empty(0, np.uint64))
                    values[str(value)] = _smallest(np.concatenate([known, drawn[texts == value]]), at_least)
    progress("Drawing a sample", len(names), len(names))
    most = int(kept.max()) if len(kept) else 0
    return most, {value: int(one.max()) for value, one in values.items()}, total


def _smallest(drawn: Tickets, n: int) -> Tickets:
    return drawn if len(drawn) <= n else np.partition(drawn, n - 1)[:n]


def _write(
    files: ParquetFiles,
    names: Sequence[str],
    out: str,
    most: int,
    floors: dict[str, int],
    by: str | None,
    seed: int,
    progress: Progress,
) -> int:
    import pyarrow as pa

    waiting: list[object] = []
    n_waiting = written = 0
    make_folder(out)
    for done, name in enumerate(names):
        progress("Writing the sample", done, len(names))
        for table in files.groups(name, files.schema(name).names):
            drawn = tickets(table["id"].to_pylist(), seed)
            taken = drawn <= np.uint64(most)
            if by and floors:
                taken |= drawn <= np.array([floors[str(v)] for v in table[by].to_pylist()], np.uint64)
            part = table.filter(pa.array(taken))
            if len(part):
                waiting.append(part)
                n_waiting += len(part)
                written += len(part)
            if n_waiting >= SHARD_ROWS:
                write_table(out, pa.concat_tables(waiting))
                waiting, n_waiting = [], 0
    if waiting:
        write_table(out, pa.concat_tables(waiting))
    progress("Writing the sample", len(names), len(names))
    return written
