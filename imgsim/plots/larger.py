"""A figure in large type, for a room: every size of type, and the room that is left for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TYPE = 1.35  # as much as the page's own text grows
HEIGHT = 1.15
USUAL = 12  # pixels of type where a figure says nothing
_PIXELS = re.compile(r"(font-size:\s*)(\d+(?:\.\d+)?)(px)")


def larger(figure: Figure) -> Figure:
    """A copy whose type and margins are 1.35 times as large, and which is 1.15 times as high."""
    import plotly.graph_objects as go

    grown = go.Figure(_grown(figure.to_plotly_json()), skip_invalid=False)
    layout = figure.layout
    grown.update_layout(font_size=TYPE * (layout.font.size or USUAL))
    grown.update_layout(legend_font_size=TYPE * (layout.legend.font.size or USUAL))
    for update, axes in ((grown.for_each_xaxis, figure.select_xaxes()), (grown.for_each_yaxis, figure.select_yaxes())):
        sizes = [(axis.tickfont.size or USUAL, axis.title.font.size or USUAL) for axis in axes]
        given = iter(sizes)
        update(lambda axis, given=given: _set(axis, *next(given)))
    if layout.height:
        grown.update_layout(height=round(HEIGHT * layout.height))
    return grown


def _set(axis: Any, ticks: float, title: float) -> None:
    axis.update(tickfont_size=TYPE * ticks, title_font_size=TYPE * title)


def _grown(part: Any, name: str = "") -> Any:
    if isinstance(part, dict):
        inside = "font" if name.endswith("font") else "margin" if name == "margin" else ""
        return {key: TYPE * value if _counts(inside, key, value) else _grown(value, key) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_grown(value, name) for value in part]
    if isinstance(part, str):
        return _PIXELS.sub(lambda found: f"{found[1]}{TYPE * float(found[2]):.0f}{found[3]}", part)
    return part


def _counts(inside: str, key: str, value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return (inside == "font" and key == "size") or (inside == "margin" and key in "lrtb")
