"""The command about what is stored."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from imgsim.cli.output import Json, emit
from imgsim.errors import InputError
from imgsim.workspace import Workspace

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Drop every stored result; pictures are not touched.")] = False,
    limit: Annotated[str | None, typer.Option(help="Keep at most this much, such as 20GB.")] = None,
    as_json: Json = False,
) -> None:
    """What is stored, and its limit.

    Example: imgsim cache --limit 20GB
    """
    store = Workspace().store
    if limit is not None:
        store.set_limit(parse_size(limit))
    freed = store.clear() if clear else 0
    kinds: dict[str, list[int]] = {}
    for entry in store.entries():
        kinds.setdefault(entry.kind, []).append(entry.n_bytes)
    rows = [{"kind": kind, "results": len(sizes), "bytes": sum(sizes)} for kind, sizes in sorted(kinds.items())]
    answer = {"path": str(store.root), "bytes": store.size(), "limit": store.limit, "freed": freed, "kinds": rows}
    emit(answer, as_json, table="kinds")


def parse_size(text: str) -> int:
    """`20GB` as bytes.

    Raises:
        InputError: it is not a number with KB, MB, GB or TB.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?B?)\s*", text, re.IGNORECASE)
    if not found:
        raise InputError(f"a limit must be a size such as 20GB, got {text!r}; give a number and KB, MB, GB or TB.")
    unit = found[2].upper()
    return int(float(found[1]) * _UNITS["" if unit in ("", "B") else unit[0] + "B"])
