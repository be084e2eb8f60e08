"""What a command prints: one JSON object, or a table for people; progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from imgsim.progress import Progress

WHOLE = 30  # characters of a first column, mostly ids, that are never broken into lines
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def emit(answer: Mapping[str, Any], as_json: bool, table: str | None = None) -> None:
    """Print an answer: as JSON, else its plain values and, as a table, the rows under `table`."""
    if as_json:
        sys.stdout.write(json.dumps(_plain(answer), ensure_ascii=False, allow_nan=False) + "\n")
        return
    for name, value in answer.items():
        if name != table and not isinstance(value, list | dict):
            print(f"{name.replace('_', ' ')}: {_shown(value)}")
    if table:
        print_table(answer[table])


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A Progress that draws one bar a stage on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield report


def print_table(rows: Sequence[Mapping[str, Any]], under: str = "") -> None:
    """Rows as a table as wide as the terminal; what does not fit in a column goes on below.

    Args:
        rows: of one set of names.
        under: a name whose values become lines of their own above the rows that share them.
    """
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return
    names = [name for name in rows[0] if name != under]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        widest = max(len(_shown(row[name])) for row in rows)
        table.add_column(
            name.replace("_", " "), overflow="fold", min_width=min(widest, WHOLE) if name == names[0] else None
        )
    above = None
    for row in rows:
        if under and row[under] != above:
            above = row[under]
            table.add_row(f"[bold]{_escaped(_shown(above))}[/bold]")
        table.add_row(*(_escaped(_shown(row[name])) for name in names))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """One line or more a fact, its name before it; those that are empty are left out."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value not in (None, ""):
            table.add_row(name.replace("_", " "), _escaped(_shown(value)))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _shown(value: Any) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(_shown, value)) if isinstance(value, list | tuple) else str(value)


def _plain(value: Any) -> Any:
    """Values that JSON has: NaN and infinity become null, surrogates of odd file names are escaped."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
