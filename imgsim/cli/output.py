"""What a command prints: one JSON object, or a table for people; progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from imgsim.progress import Progress

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
        _print_table(answer[table])


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


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_escaped(_shown(value)) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


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
