"""Commands about methods and the weights they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import weights as files
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import METHODS, Method, _clip_facts, _timm_facts
from imgsim.methods import _network_facts as facts
from imgsim.pair_scores import PAIR_SCORES, PairScore
from imgsim.tasks.sights import milliseconds
from imgsim.weights import WeightsFile


def methods(as_json: Json = False) -> None:
    """Every method: what it gives, and whether it can run here; and the scores that compare two images without vectors.

    Example: imgsim methods --json
    """
    scores = [_score_row(cls) for cls in PAIR_SCORES]
    emit({"methods": [_method_row(cls) for cls in METHODS], "pair_scores": scores}, as_json, table="methods")


def weights(
    action: Annotated[str, typer.Argument(help="list, fetch or import.")] = "list",
    what: Annotated[
        str | None, typer.Argument(help="list: a part of a name; fetch: a method id; import: a file.")
    ] = None,
    method: Annotated[str | None, typer.Option("--for", help="The method that an imported file is for.")] = None,
    tag: Annotated[str | None, typer.Option(help="fetch: which of its weights.")] = None,
    as_json: Json = False,
) -> None:
    """The weights files that networks need, and your own: list them, fetch one, or import one you brought.

    Example: imgsim weights list dinov3
    Example: imgsim weights fetch resnet50
    Example: imgsim weights import resnet50-11ad3fa6.pth --for resnet50
    """
    if action == "list":
        rows = [row for row in (*_published_rows(), *_own_rows()) if not what or what.lower() in _said(row)]
        emit({"folders": [str(f) for f in files.folders()], "weights": rows}, as_json, table="weights")
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


def _score_row(cls: type[PairScore]) -> dict[str, Any]:
    names = ("id", "title", "family", "range", "larger_is_closer", "licence", "reference")
    return {name: getattr(cls, name) for name in names}


def _published_rows() -> Iterator[dict[str, Any]]:
    for cls in METHODS:
        for file in cls.published_weights():
            yield _weights_row(cls.id, file.tag, file.name, file.megabytes, files.find(file), file.licence, file.url)


def _own_rows() -> Iterator[dict[str, Any]]:
    """A person's own files; the method is the network that their name starts with, if any."""
    published = frozenset(file.name for cls in METHODS for file in cls.published_weights())
    known = frozenset((*facts.networks(), *_timm_facts.FACTS.names, *_clip_facts.FACTS.names))
    for folder in files.folders()[:-1]:  # torch's cache holds published files only
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix in files.SUFFIXES and path.name not in published:
                megabytes = round(path.stat().st_size / 1e6, 1)
                yield _weights_row(files.owner(path.stem, known), "own", path.name, megabytes, path, "yours", "")


def _weights_row(
    method: str | None, tag: str, file: str, megabytes: float, found: Path | None, licence: str, url: str
) -> dict[str, Any]:
    return {
        "method": method,
        "tag": tag,
        "file": file,
        "megabytes": megabytes,
        "found": str(found) if found else None,
        "licence": licence,
        "url": url,
    }


def _said(row: dict[str, Any]) -> str:
    return " ".join(str(row[name]) for name in ("method", "tag", "file")).lower()


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
