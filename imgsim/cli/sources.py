"""Commands about collections: which there are, what is in one."""

from __future__ import annotations

from typing import Annotated

import typer

from imgsim.cli.output import Json, emit, progress_bar
from imgsim.pipeline import Pipeline

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="builtin:…, a folder, a zip, a table, torchvision:….")]


def collections(as_json: Json = False) -> None:
    """The packaged collections and your own.

    Example: imgsim collections
    """
    pipeline = Pipeline()
    with progress_bar() as progress:
        rows = [
            {"id": card.source, "title": card.title, "n_images": len(opened), "fields": list(opened.fields)}
            for card in pipeline.collections()
            for opened in [pipeline.open(card.source, progress)]
        ]
    emit({"collections": rows}, as_json, table="collections")


def info(source: Source, as_json: Json = False) -> None:
    """What is in a SOURCE, and which of its files cannot be read.

    Example: imgsim info ~/Pictures
    """
    with progress_bar() as progress:
        collection = Pipeline().open(source, progress)
    answer = {
        "n_images": len(collection),
        "n_unreadable": len(collection.unreadable),
        "unreadable": [{"path": file.path, "reason": file.reason} for file in collection.unreadable],
        "fields": list(collection.fields),
        "fingerprint": collection.fingerprint,
    }
    emit(answer, as_json, table="unreadable")
