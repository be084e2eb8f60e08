"""What one worker does: candidates of a source become one Parquet shard, each image read once for all methods."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imgsim.embedding import Batch
from imgsim.errors import UnreadableImageError
from imgsim.images.contents import Need, prepared, read_and_hash
from imgsim.images.sources import Scanned, Source, open_source
from imgsim.images.sources._places import filesystem, is_local
from imgsim.images.sources.shards import FIXED
from imgsim.images.threads import in_order
from imgsim.images.thumbnails import SIDE, thumbnail
from imgsim.methods import METHODS, Array
from imgsim.types import Float

Looked = tuple[Scanned, list[Array]] | str  # or the reason why it cannot be read


@dataclass(frozen=True)
class Report:
    """What became of some candidates: images embedded, (path, reason) of the others, seconds of each method."""

    n_images: int
    unreadable: tuple[tuple[str, str], ...]
    seconds: tuple[float, ...]


class Embedder:
    """Made once in each worker; called with candidates, writes a shard and reports.

    Args:
        source: SOURCE, in reach of the worker.
        specs: of methods that learn nothing from the collection.
        out: path or URL of the folder of shards.
    """

    def __init__(self, source: str, specs: Sequence[str], out: str) -> None:
        self.source: Source = open_source(source)
        self.specs = list(specs)
        self.methods = [METHODS.parse(spec) for spec in specs]
        self.out = out

    def __call__(self, ids: Sequence[str], locations: Sequence[str], fields: Mapping[str, Sequence[Any]]) -> Report:
        """Embed (N,) candidates with their fields."""
        batches = [Batch(method) for method in self.methods]
        blocks: list[list[Float]] = [[] for _ in self.methods]
        kept: list[int] = []
        seen: list[Scanned] = []
        unreadable: list[tuple[str, str]] = []
        for row, looked in enumerate(in_order(self._look, locations)):
            if isinstance(looked, str):
                unreadable.append((ids[row], looked))
                continue
            kept.append(row)
            seen.append(looked[0])
            for batch, found, array in zip(batches, blocks, looked[1], strict=True):
                found.append(batch.add(array))
        if kept:
            own: dict[str, Sequence[Any]] = {
                "id": [ids[row] for row in kept],
                "location": [locations[row] for row in kept],
                "sha256": [one.sha256 for one in seen],
                "width": [one.width for one in seen],
                "height": [one.height for one in seen],
                "thumbnail": [one.webp for one in seen],
            }
            others = {free(name): [column[row] for row in kept] for name, column in fields.items() if name not in SIZE}
            vectors = [np.concatenate([*found, batch.flush()]) for batch, found in zip(batches, blocks, strict=True)]
            write_shard(self.out, own | others, dict(zip(self.specs, vectors, strict=True)))
        return Report(len(kept), tuple(unreadable), tuple(batch.seconds for batch in batches))

    def _look(self, location: str) -> Looked:
        """Read, hash, decode, shrink, prepare; decoded as the pipeline does, so that vectors are the same."""
        needs: list[Need[Any]] = [(method.prepare, method.min_side) for method in self.methods]
        finest = max(SIDE, *(method.min_side for method in self.methods))
        try:
            contents, sha256 = read_and_hash(self.source.read(location))
            (*made, webp), width, height = prepared(contents, [*needs, (thumbnail, finest)])
        except UnreadableImageError as error:
            return str(error)
        return Scanned(sha256, width, height, webp), made


SIZE = ("width", "height")


def free(name: str) -> str:
    """A field's column name, beside those that every shard has."""
    return f"{name} (field)" if name in FIXED else name


def write_shard(out: str, columns: Mapping[str, Sequence[Any]], vectors: Mapping[str, Float]) -> None:
    """One shard of columns and vectors; it is there whole or not at all, and doing it again writes the same file."""
    import pyarrow as pa

    lists = {
        spec: pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).ravel()), values.shape[1])
        for spec, values in vectors.items()
    }
    write_table(out, pa.table({**{name: pa.array(column) for name, column in columns.items()}, **lists}))


def write_table(out: str, table: Any) -> None:
    """The same of a pyarrow table with a column `id`."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", row_group_size=len(table))
    digest = hashlib.sha256("\0".join(table["id"].to_pylist()).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    fs, root = filesystem(out)
    name = f"part-{digest}.parquet"
    local = is_local(fs)
    # An object store shows a file when it is whole; a disk does not.
    fs.pipe_file(f"{root}/.{name}" if local else f"{root}/{name}", buffer.getvalue())
    if local:
        fs.mv(f"{root}/.{name}", f"{root}/{name}")
