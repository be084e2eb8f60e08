"""Commands for collections that outgrow one machine: a sample of shards, and search on a vector database."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim.cli.output import Json, emit, progress_bar
from imgsim.errors import InputError
from imgsim.methods import METHODS

Uri = Annotated[str, typer.Argument(metavar="DATABASE", help="Folder or URL, such as s3://bucket/vectors.")]
Table = Annotated[str, typer.Option(help="Name of the table.")]
Probes = Annotated[int, typer.Option(min=1, help="Cells of the index that are looked into.")]

database = typer.Typer(
    help="Search on LanceDB: ingest, index, search, delete, recall.\n\n"
    "Example: imgsim database search vectors.lance query.jpg -k 5",
    rich_markup_mode=None,
)


def sample(
    shards: Annotated[str, typer.Argument(metavar="SHARDS", help="Folder or URL that imgsim embed --out wrote.")],
    out: Annotated[str, typer.Option(help="New folder or URL to write.")],
    n: Annotated[int, typer.Option("--n", help="Images to take.")] = 20_000,
    by: Annotated[str | None, typer.Option(help="Field whose rare values are topped up.")] = None,
    at_least: Annotated[int, typer.Option(min=0, help="Images of each value of that field.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    as_json: Json = False,
) -> None:
    """Draw a fair sample of shards that do not fit, for a map and a scorecard.

    Example: imgsim sample s3://bucket/vectors --n 20000 --out sample/
    """
    from imgsim import far

    with progress_bar() as progress:
        note = far.sample(shards, n, out, by=by, at_least=at_least, seed=seed, progress=progress)
    emit({"out": out, "n_images": note.n_images, "of": note.of}, as_json)


@database.command()
def ingest(
    uri: Uri,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Shards, or any other SOURCE.")],
    method: Annotated[str, typer.Option("--method", "-m", help="Whose vectors.")],
    table: Table = "images",
    append: Annotated[bool, typer.Option(help="Keep what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write ids, fields and vectors into a database.

    Example: imgsim database ingest vectors.lance shards/ -m imgsim_mini
    """
    with progress_bar() as progress:
        found = _open(uri, table).ingest(source, method, append=append, progress=progress)
    emit({"database": uri, "table": table, "n_images": found}, as_json)


@database.command()
def index(
    uri: Uri,
    table: Table = "images",
    partitions: Annotated[int | None, typer.Option(min=1, help="Cells; the root of the images without it.")] = None,
    as_json: Json = False,
) -> None:
    """Build an index, so that a search need not look at every vector.

    Example: imgsim database index vectors.lance
    """
    opened = _open(uri, table)
    emit({"seconds": opened.index(partitions), "n_images": len(opened)}, as_json)


@database.command()
def search(
    uri: Uri,
    query: Annotated[str, typer.Argument(metavar="IMAGE", help="A picture's file, or an id that is there.")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 10,
    where: Annotated[str | None, typer.Option(help="SQL condition over the fields: \"label = 'dog'\".")] = None,
    exact: Annotated[bool, typer.Option(help="Pass the index by.")] = False,
    probes: Probes = 20,
    table: Table = "images",
    as_json: Json = False,
) -> None:
    """The images of a database that are nearest to a picture.

    Example: imgsim database search vectors.lance query.jpg -k 5 --where "label = 'dog'"
    """
    from imgsim.engine import to_image

    opened = _open(uri, table)
    if Path(query).is_file():
        vector = METHODS.parse(opened.contents.method).embed([to_image(Path(query))])[0]
    else:
        vector = opened.vector_of(query)
    found = opened.search(vector, k, where=where, exact=exact, probes=probes)
    rows = [
        {"id": m.id, "score": m.score, "distance": m.distance, "rank": m.rank, "fields": dict(m.fields)} for m in found
    ]
    emit({"matches": rows}, as_json, table="matches")


@database.command()
def delete(uri: Uri, ids: Annotated[list[str], typer.Argument(metavar="ID…")], table: Table = "images") -> None:
    """Take images out of a database.

    Example: imgsim database delete vectors.lance cats/1.jpg cats/2.jpg
    """
    print(f"deleted: {_open(uri, table).delete(ids)}")


@database.command()
def recall(
    uri: Uri,
    k: Annotated[int, typer.Option("-k", min=1, help="Neighbours.")] = 10,
    queries: Annotated[int, typer.Option(min=1, help="Images of the table that ask.")] = 100,
    probes: Probes = 20,
    table: Table = "images",
    as_json: Json = False,
) -> None:
    """How much of the exact answer the index finds, and how long both take.

    Example: imgsim database recall vectors.lance -k 10
    """
    opened = _open(uri, table)
    emit({"indexed": opened.indexed, **asdict(opened.recall(k, queries, probes=probes))}, as_json)


def _open(uri: str, table: str) -> Any:
    from imgsim.far import Database

    if not uri.strip():
        raise InputError("DATABASE must be a folder or a URL, got nothing; name one.")
    return Database(uri, table)
