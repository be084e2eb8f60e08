"""Search where vectors outgrow memory: LanceDB through its own client, in a folder, in object storage or on a server.

The database lies at a path, at a URL such as `s3://bucket/vectors`, or behind a server or cluster as `db://name`; the
code is the same. Filters are SQL conditions
over the fields. Distances of what is found are computed anew by the method's own metric, so they are exact and in its
unit; what an index may miss is measured by `recall`.
Reference: https://lancedb.github.io/lancedb/
"""

from __future__ import annotations

import itertools
import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np

from imgsim import neighbors
from imgsim.errors import ImgsimError, InputError, UnavailableError
from imgsim.far.embedder import SIZE
from imgsim.images.sources import open_source
from imgsim.images.sources._parquet import ParquetFiles
from imgsim.images.sources.shards import FIXED, Shards, matrix
from imgsim.methods import METHODS, settled_spec
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.types import Float, Match

DISTANCES: dict[str, Literal["cosine", "l2"]] = {
    "cosine": "cosine",
    "euclidean": "l2",
    "hamming": "l2",
}  # the last of bits as 0 and 1: the same order
INDEXED_FROM = 5000  # images; fewer are searched exactly in milliseconds
REFINE = 10  # candidates a wanted neighbour whose true distance is computed
BLOCK = 4096
VECTOR = "vector"
SERVER = "db://"
INDEXING = timedelta(minutes=119)  # the longest wait that the client takes
SEEN_AFTER = timedelta(seconds=1)  # what other processes write
REASONS = (  # of the client's long reports, what a person can do something about
    (r"credentials|TokenRequest", "no keys for it were found"),
    (r"NoSuchBucket|ContainerNotFound", "there is no such bucket"),
    (r"status: 40[13]|status_code=40[13]|\b40[13]\b (Forbidden|Unauthorized)|AccessDenied", "access was denied"),
    (r"kind: Connect|connect_failures=[1-9]|dns error", "nothing answers there"),
)


@dataclass(frozen=True)
class Contents:
    """What a database holds: vectors of one method of one source."""

    source: str
    method: str
    metric: str
    dim: int


@dataclass(frozen=True)
class Recall:
    """How much of the exact answer the index finds: mean share of the k nearest; medians in milliseconds a query."""

    k: int
    n_queries: int
    n_images: int
    recall: float
    milliseconds: float
    exact_milliseconds: float


class Database:
    """One table of ids, fields and vectors.

    Args:
        uri: folder, URL, or `db://name` of a server, which LANCEDB_API_KEY, LANCEDB_HOST_OVERRIDE and LANCEDB_REGION
            describe.
        table: its name there.

    Raises:
        UnavailableError: LanceDB is not installed, or the place or server is out of reach; so does every method.
        InputError: a server without a key.
    """

    def __init__(self, uri: str, table: str = "images") -> None:
        os.environ.setdefault("LANCEDB_LOG", "error")  # warns of every new table
        try:
            import lancedb
        except ImportError:
            raise UnavailableError("a database needs the package lancedb; run: pip install 'imgsim[far]'") from None
        self.uri, self.name = uri, table
        self._opened: Any = None
        with self._reached():
            self._db = lancedb.connect(uri, read_consistency_interval=SEEN_AFTER, **_settings(uri))

    def ingest(self, source: str, spec: str, *, append: bool = False, progress: Progress = silent) -> int:
        """Write the vectors of a method, block by block; shards are never held whole. Returns how many there are now.

        Without `append` what the table held before is replaced; with it, images of the same id are.

        Raises:
            InputError: the method's metric is none that the database has, or the table holds another method's.
        """
        spec = settled_spec(spec)  # queries must be embedded as the table was
        method = METHODS.parse(spec)
        if method.metric not in DISTANCES:
            raise InputError(
                f"a method in a database must be compared by {', '.join(DISTANCES)}, got {method.metric} of "
                f"{method.id}; wear whiten, or choose another method."
            )
        opened = open_source(source)
        there = opened.note.methods if isinstance(opened, Shards) else ()
        known = next((one for one in there if one.key == method.key), None)
        contents = Contents(opened.canonical, spec, method.metric, known.dim if known else method.dim)
        told = _counted(_of_shards(opened, known.spec) if known else _of_pipeline(source, spec, progress), progress)
        if append and self.name in self._names():
            if (self.contents.method, self.contents.dim) != (spec, contents.dim):
                raise InputError(f"the table must hold {spec}, got {self.contents.method}; choose another table.")
            merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            for batch in told:
                with self._reached():
                    merge.execute(batch)
        else:
            self._create(told, contents)
        return len(self)

    @property
    def contents(self) -> Contents:
        """What it holds.

        Raises:
            InputError: another program made the table.
        """
        with self._reached():
            told = (self._table.schema.metadata or {}).get(b"imgsim")
        if told is None:
            raise InputError(f"the table {self.name} must be one of imgsim's, got another; choose another table.")
        return Contents(**json.loads(told))

    def __len__(self) -> int:
        with self._reached():
            return int(self._table.count_rows())

    @property
    def fields(self) -> list[str]:
        """Columns that filters may use."""
        with self._reached():
            return [name for name in self._table.schema.names if name != VECTOR]

    @property
    def indexed(self) -> bool:
        """Whether searches go through an index."""
        with self._reached():
            return any(VECTOR in index.columns for index in self._table.list_indices())

    def index(self, partitions: int | None = None) -> float:
        """Build an IVF index with scalar quantisation, to its end; returns the seconds it took.

        Args:
            partitions: cells; the square root of the number of images without it.

        Raises:
            InputError: there are too few images for one.
        """
        from lancedb.index import IvfSq

        n = len(self)
        if n < INDEXED_FROM:
            raise InputError(
                f"an index must be over {INDEXED_FROM:,} or more images, got {n:,}; search without one, it is exact."
            )
        start = time.perf_counter()
        config = IvfSq(distance_type=DISTANCES[self.contents.metric], num_partitions=partitions or round(n**0.5))
        waiting = {"wait_timeout": INDEXING} if self.uri.startswith(SERVER) else {}
        with self._reached():
            self._table.create_index(VECTOR, config=config, **waiting)
        return time.perf_counter() - start

    def search(
        self, vector: Float, k: int = 10, *, where: str | None = None, exact: bool = False, probes: int = 20
    ) -> list[Match]:
        """The k nearest to a (D,) vector, nearest first, ties by id.

        Args:
            vector: by the method that the table holds.
            k: how many.
            where: SQL condition over the fields that is applied before the search: "label = 'dog' AND width > 100".
            exact: pass the index by.
            probes: cells of the index that are looked into; more find more, and take longer.

        Raises:
            InputError: the vector has another D, or the condition is no SQL over the fields.
        """
        contents = self.contents
        if vector.shape != (contents.dim,):
            raise InputError(
                f"a query must have {contents.dim} dimensions, got {vector.shape}; embed it by the method."
            )
        ask = self._table.search(np.asarray(vector, np.float32), vector_column_name=VECTOR)
        ask = ask.distance_type(DISTANCES[contents.metric]).limit(k)
        ask = ask.bypass_vector_index() if exact else ask.nprobes(probes).refine_factor(REFINE)
        if where:
            ask = ask.where(where, prefilter=True)
        try:
            with self._reached():
                found = ask.to_arrow()
        except InputError as error:
            if not where:
                raise
            told = " ".join(str(error.__cause__ or error).split())[:160]
            raise InputError(f"a condition must be SQL over {', '.join(self.fields)}, got {where!r}: {told}") from None
        return _matches(found, vector, contents)

    def vector_of(self, id: str) -> Float:
        """(D,) vector of an image.

        Raises:
            InputError: there is none of that id.
        """
        with self._reached():
            found = self._table.search().where(f"id = {_quoted(id)}").limit(1).to_arrow()
        if not len(found):
            raise InputError(f"an id must be in the database, got {id!r}; it may have been deleted.")
        return np.asarray(matrix(found[VECTOR], self.contents.dim)[0])

    def delete(self, ids: Sequence[str]) -> int:
        """Take images out; returns how many were there."""
        before = len(self)
        for start in range(0, len(ids), 500):
            with self._reached():
                self._table.delete(f"id IN ({', '.join(_quoted(id) for id in ids[start : start + 500])})")
        return before - len(self)

    def recall(self, k: int = 10, n_queries: int = 100, *, probes: int = 20, seed: int = 0) -> Recall:
        """Measure the index against exact search on queries drawn from the table, themselves left out.

        Raises:
            InputError: the table is empty.
        """
        n = len(self)
        if not n:
            raise InputError("a database must hold images before its recall is measured, got none; ingest some.")
        drawn = np.random.default_rng(seed).choice(n, min(n_queries, n), replace=False)
        with self._reached():
            queries = matrix(self._table.take_offsets(drawn.tolist()).to_arrow()[VECTOR], self.contents.dim)
        shares, quick, slow = [], [], []
        for query in queries:
            start = time.perf_counter()
            found = self.search(query, k + 1, probes=probes)
            middle = time.perf_counter()
            true = self.search(query, k + 1, exact=True)
            slow.append(time.perf_counter() - middle)
            quick.append(middle - start)
            wanted = {match.id for match in true[1:]}
            shares.append(len(wanted & {match.id for match in found}) / max(1, len(wanted)))
        return Recall(
            k, len(queries), n, float(np.mean(shares)), 1000 * float(np.median(quick)), 1000 * float(np.median(slow))
        )

    @property
    def _table(self) -> Any:
        if self._opened is None:
            if self.name not in self._names():
                raise InputError(f"{self.uri} must hold a table {self.name}, got none; run: imgsim database ingest")
            with self._reached():
                self._opened = self._db.open_table(self.name)
        return self._opened

    def _names(self) -> list[str]:
        names: list[str] = []
        page: str | None = None
        with self._reached():
            while True:
                answer = self._db.list_tables(page_token=page)
                names, page = names + list(answer.tables), answer.page_token
                if not page:
                    return names

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except ImgsimError:
            raise
        except (ValueError, RuntimeError, OSError) as error:
            told = " ".join(str(error).split())
            reason = next((reason for sign, reason in REASONS if re.search(sign, told)), "")
            if reason:
                raise UnavailableError(
                    f"{self.uri} must be in reach, got: {reason}; check its name, your keys and the network."
                ) from None
            raise InputError(f"{self.uri} must do what it is asked, got: {told[:160]}; check the table.") from error

    def _create(self, blocks: Iterator[Any], contents: Contents) -> None:
        import pyarrow as pa

        first = next(blocks, None)
        if first is None:
            raise InputError(f"{contents.source} must have at least one image, got none; add images to it.")
        schema = first.schema.with_metadata({"imgsim": json.dumps(asdict(contents))})

        failed: list[BaseException] = []

        def batches() -> Iterator[Any]:
            try:
                for table in itertools.chain([first], blocks):
                    yield from table.cast(schema).to_batches()
            except BaseException as error:
                failed.append(error)
                raise

        reader = pa.RecordBatchReader.from_batches(schema, batches())
        try:
            with self._reached():
                self._opened = self._db.create_table(self.name, data=reader, schema=schema, mode="overwrite")
        except ImgsimError:
            if failed:  # in reading, which the client would tell in its own words
                raise failed[0] from None
            raise


def _settings(uri: str) -> dict[str, Any]:
    """What the client does not find by itself; the rest of AWS_… and LANCEDB_API_KEY it reads."""
    if uri.startswith(SERVER):
        if not os.environ.get("LANCEDB_API_KEY"):
            raise InputError("a database on a server must have a key, got none; set LANCEDB_API_KEY.")
        found = {"host_override": os.environ.get("LANCEDB_HOST_OVERRIDE"), "region": os.environ.get("LANCEDB_REGION")}
        return {name: value for name, value in found.items() if value}
    if uri.startswith("s3://"):
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        # An endpoint of one's own may speak plain HTTP, for s3fs as for the database.
        return {"storage_options": {"allow_http": "true", **({"region": region} if region else {})}}
    return {}


def _of_shards(shards: Any, spec: str) -> Iterator[Any]:
    """Tables of id, fields and vector, a row group at a time."""
    import pyarrow as pa

    others = {one.spec for one in shards.note.methods} - {spec}
    files = ParquetFiles(shards.place)
    for name in files.names():
        columns = [c for c in files.schema(name).names if c not in others and c not in ("thumbnail", "location")]
        for table in files.groups(name, columns):
            fields = {c: table[c] for c in columns if c not in (*FIXED, spec) or c in SIZE}
            vectors = matrix(table[spec], table[spec].type.list_size)
            yield pa.table({"id": table["id"], **fields, VECTOR: _lists(vectors)})


def _of_pipeline(source: str, spec: str, progress: Progress) -> Iterator[Any]:
    import pyarrow as pa

    pipeline = Pipeline()
    collection = pipeline.open(source, progress)
    embeddings = pipeline.embed(collection, [METHODS.parse(spec)], progress)[0]
    for start in range(0, len(collection), BLOCK):
        part = slice(start, start + BLOCK)
        fields = {name: pa.array(values[part]) for name, values in collection.fields.items() if name != "id"}
        yield pa.table({"id": list(collection.ids[part]), **fields, VECTOR: _lists(embeddings.vectors[part])})


def _lists(vectors: Float) -> Any:
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(vectors).ravel()), vectors.shape[1])


def _counted(blocks: Iterator[Any], progress: Progress) -> Iterator[Any]:
    done = 0
    for block in blocks:
        yield block
        done += len(block)
        progress("Writing to the database", done, 0)


def _matches(found: Any, query: Float, contents: Contents) -> list[Match]:
    """Matches by the method's own distance."""
    if not len(found):
        return []
    measure = neighbors.METRICS[contents.metric]  # type: ignore[index]
    vectors = matrix(found[VECTOR], contents.dim)
    exact = measure.pairs(measure.prepare(vectors), measure.prepare(np.asarray(query, np.float32)[None])[0])
    scores = neighbors.similarity(exact, contents.metric, contents.dim)  # type: ignore[arg-type]
    ids = found["id"].to_pylist()
    rows: list[Mapping[str, Any]] = found.drop_columns(["id", VECTOR, "_distance"]).to_pylist()
    order = sorted(range(len(ids)), key=lambda row: (float(exact[row]), ids[row]))
    return [
        Match(ids[row], float(scores[row]), float(exact[row]), rank, rows[row])
        for rank, row in enumerate(order, start=1)
    ]


def _quoted(id: str) -> str:
    return "'" + id.replace("'", "''") + "'"
