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

    grown = go.Figure(_grown(figure.to_plotly_json()), skip_invalid=False)  # then what says nothing of its size
    layout = grown.layout
    grown.update_layout(font_size=_size(layout.font), legend_font_size=_size(layout.legend.font))
    for axis in (*grown.select_xaxes(), *grown.select_yaxes()):
        axis.update(tickfont_size=_size(axis.tickfont), title_font_size=_size(axis.title.font))
    if layout.height:
        grown.update_layout(height=round(HEIGHT * layout.height))
    return grown


def _size(font: Any) -> float:
    return float(font.size or TYPE * USUAL)


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
