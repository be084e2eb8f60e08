"""Commands about methods and the weights they need."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import weights as files
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import METHODS, Method
from imgsim.tasks.sights import milliseconds
from imgsim.weights import WeightsFile


def methods(as_json: Json = False) -> None:
    """Every method: what it gives, and whether it can run here.

    Example: imgsim methods --json
    """
    emit({"methods": [_method_row(cls) for cls in METHODS]}, as_json, table="methods")


def weights(
    action: Annotated[str, typer.Argument(help="list, fetch or import.")] = "list",
    what: Annotated[str | None, typer.Argument(help="fetch: a method id; import: a file.")] = None,
    method: Annotated[str | None, typer.Option("--for", help="The method that an imported file is for.")] = None,
    tag: Annotated[str | None, typer.Option(help="fetch: which of its weights.")] = None,
    as_json: Json = False,
) -> None:
    """The weights files that networks need: list them, fetch one, or import one you brought.

    Example: imgsim weights fetch resnet50
    Example: imgsim weights import resnet50-11ad3fa6.pth --for resnet50
    """
    if action == "list":
        emit({"folders": [str(f) for f in files.folders()], "weights": _weights_rows()}, as_json, table="weights")
    elif action == "fetch" and what:
        with progress_bar() as progress:
            path = files.fetch(_file(what, tag), progress)
        emit({"method": what, "path": str(path)}, as_json)
    elif action == "import" and what and method:
        path = files.import_file(Path(what).expanduser(), method, _published(method))
        emit({"method": method, "path": str(path)}, as_json)
    else:
        raise InputError(
            "weights must be followed by list, fetch METHOD or import FILE --for METHOD, "
            f"got {' '.join(filter(None, [action, what]))!r}; see: imgsim weights --help"
        )


def _method_row(cls: type[Method]) -> dict[str, Any]:
    method = cls()
    reason = method.unavailable()
    return {
        "id": cls.id,
        "title": cls.title,
        "family": cls.family,
        "dim": method.dim,
        "metric": method.metric,
        "available": reason is None,
        "reason": reason,
        "milliseconds": milliseconds(cls),
        "licence": cls.licence,
        "reference": cls.reference,
    }


def _weights_rows() -> list[dict[str, Any]]:
    rows = []
    for cls in METHODS:
        for file in cls.published_weights():
            found = files.find(file)
            rows.append(
                {
                    "method": cls.id,
                    "tag": file.tag,
                    "file": file.name,
                    "megabytes": file.megabytes,
                    "found": str(found) if found else None,
                    "url": file.url,
                }
            )
    return rows


def _published(method: str) -> tuple[WeightsFile, ...]:
    published = METHODS[method].published_weights()
    if not published:
        raise InputError(f"weights must be for a network, got {method!r}, which needs none; just use it.")
    return published


def _file(method: str, tag: str | None) -> WeightsFile:
    published = {file.tag: file for file in _published(method)}
    if tag is not None and tag not in published:
        raise UnknownIdError(f"weights of {method}", tag, published)
    return published[tag] if tag else next(iter(published.values()))
