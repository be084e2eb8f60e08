"""What MkDocs is given beyond the files of `docs/`: a page a method, from the registry, and a place for every page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from imgsim.errors import UnavailableError
from imgsim.methods import METHODS, Method, _costs
from imgsim.neighbors.metrics import distance_of
from imgsim.parameters import parameters

DOCS = Path(__file__).resolve().parents[1] / "docs"
INDEX = "methods/index.md"


def on_config(config: Any) -> Any:
    """Pages that `mkdocs.yml` does not name stand under More, so that a new one is never lost."""
    named = set(_pages(config.nav))
    rest = sorted(path.name for path in DOCS.glob("*.md") if path.name not in named)
    if rest:
        config.nav.append({"More": rest})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page for each registered method, and the table of all."""
    for path, text in {INDEX: index(), **{page_path(m): page(m) for m in METHODS}}.items():
        files.append(File.generated(config, path, content=text))
    return files


def page_path(method: type[Method]) -> str:
    """Where the page of a method lies below `docs/`."""
    return f"methods/{method.id}.md"


def index() -> str:
    """All methods by family, each with what it sees."""
    parts = [
        "# Methods\n",
        f"All {len(METHODS)} methods, from the registry that the dashboard and the command line use. `imgsim methods` "
        "says which of them run on your machine.\n",
    ]
    methods = sorted(METHODS, key=lambda m: m.family)
    for family, members in groupby(methods, key=lambda m: m.family):
        rows = [f"| [{_cell(m.title)}]({m.id}.md) | `{m.id}` | {_cell(m.sees)} |" for m in members]
        parts.append(f"## {family.capitalize()}\n\n| Method | id | Sees |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def page(method: type[Method]) -> str:
    """What it is, its formula, what it sees and is blind to, cost, parameters and reference."""
    known = method()
    distance = distance_of(known.metric)
    facts = [
        ("Formula", method.formula),
        ("Sees", method.sees),
        ("Blind to", method.blind_to),
        ("Distance", f"{distance.title}: {distance.definition}; {distance.range}"),
        ("Vector", _vector(known)),
        ("Cost", _cost(method)),
        ("Licence", method.licence),
        ("Needs", ", ".join(method.needs) or "nothing beyond the plain install"),
        ("Reference", method.reference),
    ]
    lines = [f"| **{name}** | {_cell(value)} |" for name, value in facts]
    about = (method.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
    return (
        f"# {method.title}\n\n`{method.id}` · {method.family}\n\n{' '.join(about.split())}\n\n"
        "| | |\n|---|---|\n" + "\n".join(lines) + f"\n\n{_parameters(method)}\n"
        f"```\nimgsim search photos/ query.jpg -m {method.id}\n```\n\n[All methods](index.md)\n"
    )


def _vector(method: Method) -> str:
    try:
        dim = method.dim
    except UnavailableError:
        return "its length is told by the weights file"
    if method.metric == "hamming":
        return f"{dim:,} bits, {-(-dim // 8):,} bytes an image"
    return f"{dim:,} numbers, {4 * dim:,} bytes an image"


def _cost(method: type[Method]) -> str:
    spent = _costs.usual_milliseconds(method.id)
    if spent is None:
        return "not measured here: its weights or a package were missing; the Methods page measures it on your computer"
    height, width = _costs.told()["photo"]
    return (
        f"{spent:g} ms of processor time for one photo of {width} x {height}, without decoding (the least of five "
        "tries, all threads together)"
    )


def _parameters(method: type[Method]) -> str:
    rows = [
        f"| `{one.name}` | `{one.default}` | {_cell(one.help)} {_cell(_range(one))} |" for one in parameters(method)
    ]
    if not rows:
        return "It has no parameters.\n"
    return "## Parameters\n\n| name | default | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _range(one: Any) -> str:
    if one.choices:
        return (
            "One of " + ", ".join(str(choice) for choice in one.choices[:12]) + (" …" * (len(one.choices) > 12)) + "."
        )
    low, high = (getattr(one, name, None) for name in ("minimum", "maximum"))
    return f"{low} to {high}." if low is not None and high is not None else ""


def _cell(text: str) -> str:
    """Text inside a table: no cell ends early and nothing is taken for markup."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _pages(nav: Iterable[Any]) -> Iterable[str]:
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for value in entry.values():
                yield from _pages([value] if isinstance(value, str) else value)
