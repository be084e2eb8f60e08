"""One map becomes another before one's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.types import Float

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MILLISECONDS = 1600
GREY = "#8a8f98"
# fmt: off
PALETTE = (  # as plots/map/colors.js has it
    "#3b7dd8", "#e0912f", "#169e77", "#cf5fa0", "#58b4e5", "#d1552b", "#406060", "#dcb9b9", "#8d6a4f", "#6f8f3a",
    "#7fa8ea", "#f0b878", "#6cc9ab", "#e49ac4", "#2d8fa8", "#e88b6d", "#b8a5ec", "#cdbf52", "#b99a80", "#a3bd72",
)
# fmt: on


def morph_figure(
    start: Float, end: Float, codes: Sequence[int] | None, trails: Sequence[int], names: tuple[str, str], title: str
) -> Figure:
    """Points (n, 2) that go from one map to the other when a button is pressed, with the way of some of them.

    Args:
        start: (n, 2) the map shown first.
        end: (n, 2) the other, turned onto the first.
        codes: (n,) label of each point, the commonest first; None for one colour.
        trails: points whose way is drawn.
        names: of the two maps, for the buttons.
        title: a question.
    """
    import plotly.graph_objects as go

    ids = [str(i) for i in range(len(start))]
    palette = [*PALETTE, GREY]
    colors = PALETTE[0] if codes is None else [palette[min(int(code), len(PALETTE))] for code in codes]
    dots: dict[str, Any] = {
        "ids": ids,
        "mode": "markers",
        "marker": {"size": 6, "color": colors},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    figure = go.Figure(
        [_trails(start, end, trails), go.Scatter(x=start[:, 0], y=start[:, 1], **dots)],
        frames=[
            go.Frame(name=name, data=[go.Scatter(x=xy[:, 0], y=xy[:, 1], ids=ids)], traces=[1])
            for name, xy in (("start", start), ("end", end))
        ],
    )
    both = np.concatenate([start, end]) if len(start) else np.zeros((1, 2))
    (x0, y0), (x1, y1) = both.min(axis=0), both.max(axis=0)
    pad = 0.05 * max(float(x1 - x0), float(y1 - y0), 1e-6)
    figure.update_layout(
        title={"text": title, "font": {"size": 15}, "y": 0.99, "yanchor": "top"},
        height=560,
        margin={"l": 8, "r": 8, "t": 96, "b": 8},
        xaxis={"visible": False, "range": [x0 - pad, x1 + pad], "fixedrange": True},
        yaxis={"visible": False, "range": [y0 - pad, y1 + pad], "fixedrange": True, "scaleanchor": "x"},
        updatemenus=[_buttons(names)],
    )
    return figure


def _trails(start: Float, end: Float, rows: Sequence[int]) -> Any:
    import plotly.graph_objects as go

    xs = [value for row in rows for value in (float(start[row, 0]), float(end[row, 0]), None)]
    ys = [value for row in rows for value in (float(start[row, 1]), float(end[row, 1]), None)]
    line = {"color": GREY, "width": 1.5}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _buttons(names: tuple[str, str]) -> dict[str, Any]:
    how = {
        "frame": {"duration": MILLISECONDS, "redraw": False},
        "transition": {"duration": MILLISECONDS, "easing": "cubic-in-out"},
        "mode": "immediate",
    }
    places = ((names[0], "start"), (names[1], "end"))
    return {
        "type": "buttons",
        "direction": "right",
        "x": 0,
        "xanchor": "left",
        "y": 1.02,
        "yanchor": "bottom",
        "showactive": False,
        "font": {"color": GREY},  # plotly's button turns white under the pointer, in both themes
        "buttons": [{"label": f"To {name}", "method": "animate", "args": [[frame], how]} for name, frame in places],
    }
