"""A figure in words and numbers, for whoever does not see it: its title, one sentence of its data, and a table.

It is read off the figure itself, so that what is said is what is drawn. A line's band and other traces that take no
pointer are left out; a cloud of points is told by its groups and, where its axes mean something, their correlation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_ROWS = 100  # of a table; a longer one is thinned out evenly
MOST_NAMED = 6  # lines, bars or groups that the sentence names
CLOUD_FROM = 40  # points without lines and names: too many to read one by one
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Words:
    """What a figure shows.

    Attributes:
        title: what stands above it.
        summary: its data in one sentence or two.
        columns: heads of the table; none where a table of numbers says nothing.
        rows: cells as they are shown, one tuple a row.
    """

    title: str
    summary: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def label(self) -> str:
        """Title and summary in one line."""
        end = "" if not self.title or self.title[-1] in "?.!:" else "."
        return f"{self.title}{end} {self.summary}".strip()


def words(figure: Figure) -> Words:
    """The figure in words."""
    title, _, note = _plain(figure.layout.title.text or "").partition("\n")
    traces = [trace for trace in figure.data if not _silent(trace)]
    kinds = {trace.type for trace in traces}
    if not traces:
        told: Told = ("Nothing is drawn.", [], [])
    elif kinds == {"bar"}:
        told = _bars(figure, traces)
    elif kinds == {"heatmap"}:
        told = _heat(traces[0])
    elif kinds == {"histogram"}:
        told = _histogram(figure, traces)
    elif traces and all(_is_cloud(trace) for trace in traces):
        told = _clouds(figure, traces)
    elif any(_texts(trace) for trace in traces):
        told = _named_points(figure, traces)
    else:
        told = _lines(figure, traces)
    summary, columns, rows = told
    noted = ", ".join(note.splitlines())
    said = [noted and f"{noted[0].upper()}{noted[1:]}.", summary, *_marks(figure)]
    return Words(title, " ".join(one for one in said if one), tuple(columns), _thinned(rows))


Told = tuple[str, Sequence[str], list[tuple[str, ...]]]


def _bars(figure: Figure, traces: Sequence[Any]) -> Told:
    lying = traces[0].orientation == "h"
    show = _format(figure.layout.xaxis if lying else figure.layout.yaxis)
    unit = _title(figure.layout.xaxis if lying else figure.layout.yaxis) or "value"
    series = {
        trace.name or unit: dict(zip(map(_plain, trace.y if lying else trace.x), trace.x if lying else trace.y))  # noqa: B905
        for trace in (traces if len(traces) == 1 else reversed(traces))
    }
    names = list(dict.fromkeys(name for values in series.values() for name in values))
    rows = [(name, *(show(values.get(name)) for values in series.values())) for name in names]
    said = []
    for title, values in series.items():
        start = f"{title}: " if len(series) > 1 else ""
        said.append(start + _extremes(values, show))
    return "; ".join(said) + ".", ["", *series], rows


def _extremes(values: dict[str, float], show: Any) -> str:
    if len(values) <= MOST_NAMED:
        return ", ".join(f"{name} {show(value)}" for name, value in values.items())
    high, low = max(values, key=lambda n: values[n]), min(values, key=lambda n: values[n])
    return f"{len(values)} bars, the highest {high} {show(values[high])}, the lowest {low} {show(values[low])}"


def _heat(trace: Any) -> Told:
    z = np.asarray(trace.z, np.float64)
    across, down = [_plain(str(x)) for x in trace.x], [_plain(str(y)) for y in trace.y]
    show = _number
    rows = [(name, *(show(v) for v in values)) for name, values in zip(down, z, strict=True)]
    if not np.isfinite(z).any():
        return "Nothing is known yet.", ["", *across], rows
    ends = [np.unravel_index(pick(z), z.shape) for pick in (np.nanargmin, np.nanargmax)]
    low, high = (f"{show(z[at])} ({down[at[0]]}, {across[at[1]]})" for at in ends)
    return f"{len(down)} rows by {len(across)} columns, from {low} to {high}.", ["", *across], rows


def _histogram(figure: Figure, traces: Sequence[Any]) -> Told:
    said, rows = [], []
    for trace in traces:
        values = np.asarray(trace.x, np.float64)
        name = trace.name or _title(figure.layout.yaxis) or "values"
        if not len(values):
            continue
        cuts = [_number(cut) for cut in np.quantile(values, [0, 0.25, 0.5, 0.75, 1])]
        said.append(f"{len(values):,} {name} from {cuts[0]} to {cuts[4]}, half of them from {cuts[1]} to {cuts[3]}")
        rows.append((name, f"{len(values):,}", *cuts))
    unit = _title(figure.layout.xaxis)
    start = f"{unit[:1].upper()}{unit[1:]}: " if unit else ""
    return (
        f"{start}{'; '.join(said)}.",
        ["", "number", "lowest", "quarter", "median", "three quarters", "highest"],
        rows,
    )


def _clouds(figure: Figure, traces: Sequence[Any]) -> Told:
    n = sum(len(trace.x) for trace in traces)
    frames = len({trace.xaxis or "x" for trace in traces})
    if frames > 1:
        names = [_plain(note.text or "") for note in figure.layout.annotations][:frames]
        return f"{frames} maps of {n // frames:,} points: {', '.join(names)}.", [], []
    across, up = _title(figure.layout.xaxis), _title(figure.layout.yaxis)
    if across and up and n > 2:
        x, y = (np.concatenate([np.asarray(t[axis], np.float64) for t in traces]) for axis in "xy")
        related = np.corrcoef(x, y)[0, 1] if np.ptp(x) and np.ptp(y) else 0.0
        return f"{n:,} points, {up} over {across}; their correlation is {related:.2f}.", [], []
    named = [(trace.name, len(trace.x)) for trace in traces if trace.name]
    groups = ", ".join(f"{name} {size:,}" for name, size in named[: 2 * MOST_NAMED])
    more = "" if len(named) <= 2 * MOST_NAMED else f" and {len(named) - 2 * MOST_NAMED} more"
    return f"A map of {n:,} points{f' in groups: {groups}{more}' if len(named) > 1 else ''}.", [], []


def _lines(figure: Figure, traces: Sequence[Any]) -> Told:
    show_x, show_y = _format(figure.layout.xaxis), _format(figure.layout.yaxis)
    across, up = _title(figure.layout.xaxis), _title(figure.layout.yaxis)
    said: list[str] = []
    rows: list[tuple[str, ...]] = []
    for number, trace in enumerate(traces):
        name = trace.name or (up if len(traces) == 1 else "")
        y = list(trace.y)
        x = list(range(len(y))) if trace.x is None else list(trace.x)
        if not y:
            continue
        rows += [(name, show_x(a), show_y(b)) for a, b in zip(x, y, strict=True)]
        if number < MOST_NAMED:
            said.append(f"{name} from {show_y(y[0])} at {show_x(x[0])} to {show_y(y[-1])} at {show_x(x[-1])}".strip())
    more = f" and {len(traces) - MOST_NAMED} more lines" if len(traces) > MOST_NAMED else ""
    by = f", over {across}" if across else ""
    return f"{'; '.join(said)}{more}{by}.", ["line", across or "x", up or "y"], rows


def _named_points(figure: Figure, traces: Sequence[Any]) -> Told:
    """Points with their names, or squares with their values."""
    show_x, show_y = _format(figure.layout.xaxis), _format(figure.layout.yaxis)
    across, up = _title(figure.layout.xaxis), _title(figure.layout.yaxis)
    rows = [row for trace in traces if _texts(trace) for row in _named_rows(trace, show_x, show_y)]
    valued = len(rows[0]) == 2 if rows else False
    said = ", ".join(" ".join(row[:2]) if valued else f"{row[0]} {row[2]}" for row in rows[:MOST_NAMED])
    more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    return f"{said}{more}.", ["", "value"] if valued else ["", across or "x", up or "value"], rows


def _named_rows(trace: Any, show_x: Any, show_y: Any) -> Iterable[tuple[str, ...]]:
    if trace.hovertext is not None:  # squares with their value as text
        return [(_plain(a), _plain(b)) for a, b in zip(trace.hovertext, trace.text, strict=True)]
    points = zip(trace.text, trace.x, trace.y, strict=True)
    return [(_plain(name), show_x(x), show_y(y)) for name, x, y in points]


def _marks(figure: Figure) -> list[str]:
    """What lines across the figure are called and where they stand."""
    said = []
    for note in figure.layout.annotations if figure.layout.shapes else ():
        text = _plain(note.text or "")
        if not text or (note.xref, note.yref) == ("paper", "paper"):
            continue
        at = note.y if str(note.xref).endswith(("domain", "paper")) else note.x
        axis = figure.layout.yaxis if at is note.y else figure.layout.xaxis
        number = "" if any(c.isdigit() for c in text) or not isinstance(at, int | float) else f": {_format(axis)(at)}"
        said.append(f"A line marks {text}{number}.")
    return said


def _silent(trace: Any) -> bool:
    skipped = trace.hoverinfo == "skip" and not _texts(trace) and trace.type in ("scatter",)
    return bool(skipped and ("lines" in (trace.mode or "") or trace.fill))


def _texts(trace: Any) -> bool:
    return trace.type.startswith("scatter") and trace.text is not None and "text" in (trace.mode or "")


def _is_cloud(trace: Any) -> bool:
    if not trace.type.startswith("scatter") or _texts(trace) or "lines" in (trace.mode or ""):
        return False
    return trace.type == "scattergl" or len(trace.x) >= CLOUD_FROM or trace.hoverinfo in ("name", "skip")


def _title(axis: Any) -> str:
    return "" if axis.visible is False else _plain(axis.title.text or "")


def _format(axis: Any) -> Any:
    share = str(axis.tickformat or "").endswith("%")
    return (lambda value: "–" if _unknown(value) else f"{value:.0%}") if share else _number


def _number(value: Any) -> str:
    if _unknown(value):
        return "–"
    if isinstance(value, str):
        return _plain(value)
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"


def _unknown(value: Any) -> bool:
    return value is None or (not isinstance(value, str) and not np.isfinite(value))


def _plain(text: str) -> str:
    """Without markup; a line break stays one."""
    return _TAG.sub("", str(text).replace("<br>", "\n")).replace("■ ", "").strip()


def _thinned(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    if len(rows) <= MOST_ROWS:
        return tuple(rows)
    return tuple(rows[at] for at in np.linspace(0, len(rows) - 1, MOST_ROWS).astype(int))
