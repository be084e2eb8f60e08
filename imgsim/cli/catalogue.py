"""Commands about methods and the weights they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import weights as files
from imgsim.cli.output import Json, emit, print_facts, print_table, progress_bar
from imgsim.errors import InputError, UnavailableError, UnknownIdError
from imgsim.methods import DEFAULT, METHODS, Method, _clip_facts, _timm_facts, ordered
from imgsim.methods import _network_facts as facts
from imgsim.methods._costs import usual_milliseconds
from imgsim.pair_scores import PAIR_SCORES, PairScore
from imgsim.parameters import parameters
from imgsim.tasks.sights import milliseconds
from imgsim.weights import WeightsFile

CROWD = 12  # networks of one package that are listed one by one up to here


def methods(
    what: Annotated[str | None, typer.Argument(help="A method id for all about it, or words to look for.")] = None,
    as_json: Json = False,
) -> None:
    """Every method: what it sees, what it costs, and whether it can run here; and scores that compare two images.

    Example: imgsim methods
    Example: imgsim methods hog
    Example: imgsim methods texture --json
    """
    found, scores = _found(what)
    if as_json:
        answer = {"methods": list(map(_method_row, found)), "pair_scores": list(map(_score_row, scores))}
        emit(answer, as_json)
    elif len(found) + len(scores) == 1:
        print_facts(_all_about(found[0]) if found else _score_row(scores[0]))
    else:
        print_table([*_lines(found), *map(_score_line, scores)], under="family")
        _print_what_is_missing(found)


def _found(what: str | None) -> tuple[list[Method], list[type[PairScore]]]:
    """The method or score of that id, else all that say the words; all without words.

    Raises:
        UnknownIdError: there is none.
    """
    if what and what in METHODS:
        return [METHODS.create(what)], []
    if what and what in PAIR_SCORES:
        return [], [PAIR_SCORES[what]]
    words = (what or "").lower().split()
    methods = [cls() for cls in ordered(METHODS) if all(word in _text(cls) for word in words)]
    scores = [cls for cls in PAIR_SCORES if all(word in _text(cls) for word in words)]
    if not methods and not scores:
        raise UnknownIdError("method", what or "", [cls.id for cls in (*METHODS, *PAIR_SCORES)])
    return methods, scores


def _text(cls: type[Method] | type[PairScore]) -> str:
    return " ".join((cls.id, cls.title, cls.family, cls.sees, cls.blind_to, cls.reference)).lower()


def _lines(methods: Sequence[Method]) -> Iterator[dict[str, Any]]:
    """A row a method; the networks of one package are one row where they are many."""
    for members in _crowds(methods):
        if len(members) < CROWD:
            yield from map(_line, members)
            continue
        ready = sum(method.unavailable() is None for method in members)
        said = {"id": f"  {members[0].id} + {len(members) - 1} more", "numbers": None, "here": f"{ready} ready"}
        yield {**_line(members[0]), **said}


def _crowds(methods: Sequence[Method]) -> list[list[Method]]:
    """Methods in their order, those of one package together."""
    return [list(members) for _, members in groupby(methods, key=lambda method: method.crowd or method.id)]


def _line(method: Method) -> dict[str, Any]:
    spent = milliseconds(type(method)) or usual_milliseconds(method.id)
    return {
        "family": method.family,
        "id": f"  {method.id}",
        "numbers": _length(method),
        "ms": None if spent is None else float(f"{spent:.2g}"),
        "here": method.standing(),
        "sees": method.sees,
    }


def _score_line(cls: type[PairScore]) -> dict[str, Any]:
    better = "larger" if cls.larger_is_closer else "smaller"
    return {
        "family": "pair scores",
        "id": f"  {cls.id}",
        "numbers": None,
        "ms": None,
        "here": "ready",
        "sees": f"{cls.sees[:-1]}; {better} is closer.",
    }


def _print_what_is_missing(methods: Sequence[Method]) -> None:
    """What to do for each that cannot run here; for the networks of a package once."""
    for members in _crowds(methods):
        waiting = [method for method in members if method.unavailable()]
        if waiting:
            more = f" ({len(waiting) - 1} more of {waiting[0].crowd} wait for theirs.)" if len(waiting) > 1 else ""
            print(f"\n{waiting[0].id}: {waiting[0].unavailable()}{more}")
    print("\nms: processor time of one photo, of this computer once its Methods page was opened.")
    print(f"Where none is chosen, {DEFAULT} is used. All about one: imgsim methods ID.")
    print("Networks of timm and open_clip are methods by their names too: imgsim weights list NAME.")


def _length(method: Method) -> str | None:
    """How many numbers, or bits, a vector has; None where only a file could tell."""
    try:
        dim = method.dim
    except UnavailableError:
        return None
    return f"{dim:,}{' bits' if method.metric == 'hamming' else ''}" if dim else None


def _all_about(method: Method) -> dict[str, Any]:
    """All that is known of a method, in the order in which one asks."""
    spent, usual = milliseconds(type(method)), usual_milliseconds(method.id)
    costs = {"on this computer": spent, "where imgsim measured it": usual}
    return {
        "id": method.id,
        "title": method.title,
        "family": method.family,
        "sees": method.sees,
        "blind to": method.blind_to,
        "computes": method.formula,
        "numbers": _length(method),
        "distance": method.metric,
        "cost": ", ".join(f"{ms:.2g} ms a photo {where}" for where, ms in costs.items() if ms is not None),
        "reads words": "yes" if method.reads_text else "no",
        "parameters": "\n".join(f"{one.name}={one.default}  {one.help}" for one in parameters(type(method))),
        "licence": method.licence,
        "reference": method.reference,
        "here": method.unavailable() or "ready",
    }


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


def _method_row(method: Method) -> dict[str, Any]:
    reason = method.unavailable()
    return {
        "id": method.id,
        "title": method.title,
        "family": method.family,
        "sees": method.sees,
        "blind_to": method.blind_to,
        "dim": method.dim,
        "metric": method.metric,
        "reads_text": method.reads_text,
        "available": reason is None,
        "reason": reason,
        "milliseconds": milliseconds(type(method)),
        "usual_milliseconds": usual_milliseconds(method.id),
        "licence": method.licence,
        "reference": method.reference,
    }


def _score_row(cls: type[PairScore]) -> dict[str, Any]:
    names = ("id", "title", "family", "sees", "blind_to", "range", "larger_is_closer", "licence", "reference")
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
