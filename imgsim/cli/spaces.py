"""Commands that compute spaces and maps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from imgsim.cli.output import Json, emit, progress_bar
from imgsim.cli.sources import Source
from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.pipeline import MapRequest, MapResult, Pipeline
from imgsim.types import Collection, Embeddings

Out = Annotated[Path | None, typer.Option(help="File to write.")]
METHOD_HELP = "Method id, with parameters as in hog:cell=8; see: imgsim methods"
MethodOption = Annotated[str, typer.Option("--method", "-m", help=METHOD_HELP)]
MethodOptions = Annotated[list[str], typer.Option("--method", "-m", help=METHOD_HELP + ". Repeat for several.")]


def embed(
    source: Source,
    method: MethodOptions,
    out: Annotated[str | None, typer.Option(help="File to write, .parquet or .npz; or a new folder of shards.")] = None,
    engine: Annotated[str, typer.Option(help="local, or ray for a cluster; ray writes shards.")] = "local",
    address: Annotated[str | None, typer.Option(help="Of a running Ray cluster, such as ray://head:10001.")] = None,
    shard_rows: Annotated[int, typer.Option(min=1, help="Images a shard.")] = 4096,
    as_json: Json = False,
) -> None:
    """Turn images into vectors, decoding each once for all methods; a stopped run goes on where it was.

    Example: imgsim embed photos/ -m hog -m phash --out v.parquet
    Example: imgsim embed s3://bucket/photos -m imgsim_mini --engine ray --out s3://bucket/vectors
    """
    shards = out is not None and not Path(out).suffix
    if engine != "local" or address is not None or shards:
        _embed_far(source, method, out if shards else None, engine, address, shard_rows, as_json)
        return
    _embed_here(source, method, Path(out) if out is not None else None, as_json)


def _embed_far(
    source: str, specs: list[str], out: str | None, engine: str, address: str | None, rows: int, as_json: bool
) -> None:
    from imgsim import far

    if out is None:
        raise InputError(f"--engine {engine} must be told a folder to write, got none; add --out vectors/")
    with progress_bar() as progress:
        made = far.embed(source, specs, out, engine=engine, address=address, shard_rows=rows, progress=progress)
    busy = sum(made.shares) or 1.0
    shown = [
        {
            "method": METHODS.parse(known.spec).id,
            "dim": known.dim,
            "key": known.key,
            "seconds": made.seconds * share / busy,
            "images_per_s": made.n_new / made.seconds if made.seconds else None,
        }
        for known, share in zip(made.note.methods, made.shares, strict=True)
    ]
    told = {"n_images": made.note.n_images, "n_new": made.n_new, "n_unreadable": made.note.n_unreadable, "out": out}
    emit({**told, "seconds": made.seconds, "embeddings": shown}, as_json, table="embeddings")


def _embed_here(source: str, method: list[str], out: Path | None, as_json: bool) -> None:
    _check_suffix(out, (".parquet", ".npz"))
    pipeline = Pipeline()
    methods = [METHODS.parse(spec) for spec in method]
    with progress_bar() as progress:
        collection = pipeline.open(source, progress)
        found = pipeline.embed(collection, methods, progress)
    if out is not None:
        _write_vectors(out, collection, dict(zip(method, found, strict=True)))
    rows = [
        _embedding_row(pipeline, made) | {"precision": made.params.get("precision"), "runs_on": one.runs_on()}
        for made, one in zip(found, methods, strict=True)
    ]
    emit({"n_images": len(collection), "embeddings": rows}, as_json, table="embeddings")


def project(
    source: Source,
    method: MethodOption,
    projector: Annotated[str, typer.Option("--projector", "-p", help="pca, umap or tsne, with parameters.")] = "umap",
    dims: Annotated[int, typer.Option(min=2, max=3, help="2 or 3 dimensions.")] = 2,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Draw a map of a space.

    Example: imgsim project builtin:photos -m hog -p umap --out map.html
    """
    _check_suffix(out, (".html", ".parquet"))
    pipeline = Pipeline()
    start = time.perf_counter()
    with progress_bar() as progress:
        result = pipeline.make_map(MapRequest(source, method, projector, dims, seed), progress)
    seconds = time.perf_counter() - start
    if out is not None:
        _write_map(out, pipeline, result)
    judged = result.faithfulness
    answer = {
        "n": len(result.collection),
        "trustworthiness": judged.trustworthiness,
        "knn_recall": judged.knn_recall,
        "k": judged.k,
        "seconds": seconds,
    }
    emit(answer, as_json)


def _embedding_row(pipeline: Pipeline, embeddings: Embeddings) -> dict[str, Any]:
    seconds = pipeline.embedding_facts(embeddings)["seconds"]
    return {
        "method": embeddings.method,
        "dim": embeddings.dim,
        "key": embeddings.key,
        "seconds": seconds,
        "images_per_s": len(embeddings.ids) / seconds if seconds else None,
    }


def _check_suffix(out: Path | None, allowed: Sequence[str]) -> None:
    if out is not None and out.suffix.lower() not in allowed:
        raise InputError(f"--out must end in {' or '.join(allowed)}, got {out.name!r}; choose one of these.")


def _write_vectors(out: Path, collection: Collection, spaces: dict[str, Embeddings]) -> None:
    if out.suffix.lower() == ".npz":
        arrays = {spec: np.asarray(embeddings.vectors) for spec, embeddings in spaces.items()}
        np.savez(out, ids=np.array(collection.ids), **arrays)  # type: ignore[arg-type]
        return
    columns = {spec: _vector_column(embeddings) for spec, embeddings in spaces.items()}
    _write_parquet(out, collection, columns)


def _write_map(out: Path, pipeline: Pipeline, result: MapResult) -> None:
    if out.suffix.lower() == ".parquet":
        axes = {
            axis: np.ascontiguousarray(result.projection.xy[:, i])
            for i, axis in enumerate("xyz"[: result.projection.xy.shape[1]])
        }
        _write_parquet(out, result.collection, axes)
        return
    from imgsim.exports import map_html

    out.write_text(map_html(pipeline, result), encoding="utf-8")


def _vector_column(embeddings: Embeddings) -> Any:
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(np.asarray(embeddings.vectors).ravel(), embeddings.dim)


def _write_parquet(out: Path, collection: Collection, columns: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = {"id": pa.array(collection.ids), **{k: pa.array(v) for k, v in collection.fields.items()}, **columns}
    pq.write_table(pa.table(table), out)
