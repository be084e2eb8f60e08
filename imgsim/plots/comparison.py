"""Charts that compare methods: quality against cost, and how much each pair agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.types import Float

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_STEPS = [step * 10.0**power for power in range(-3, 5) for step in (1, 2, 5)]
_TICKS = {"tickvals": _STEPS, "ticktext": [f"{step:g}" for step in _STEPS]}  # plotly's own leave out the zeros


def quality_cost_figure(rows: Sequence[Mapping[str, Any]], names: Sequence[str], title: str) -> Figure:
    """MAP with its interval over milliseconds an image (log scale); up and left is better."""
    import plotly.graph_objects as go

    quality, cost = [row["map"] for row in rows], [max(row["ms_per_image"], 1e-3) for row in rows]
    bars = {
        "type": "data",
        "symmetric": False,
        "array": [row["map_high"] - row["map"] for row in rows],
        "arrayminus": [row["map"] - row["map_low"] for row in rows],
        "thickness": 1.2,
    }
    figure = go.Figure(
        go.Scatter(
            x=cost,
            y=quality,
            error_y=bars,
            text=list(names),
            mode="markers+text",
            textposition=_clear(np.log10(cost), quality),
            cliponaxis=False,
            marker={"size": 11},
            hoverinfo="skip",
        )
    )
    chance = float(np.mean([row["map_by_chance"] for row in rows]))
    figure.add_hline(y=chance, line={"dash": "dot", "width": 1}, annotation_text="by chance")
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=380,
        margin={"l": 50, "r": 20, "t": 45, "b": 45},
        xaxis={
            "title": "milliseconds an image, decoding included",
            "type": "log",
            "range": _padded(np.log10(cost)),
            **_TICKS,
        },
        yaxis={"title": "mAP", "rangemode": "tozero"},
    )
    return figure


def _padded(logs: Float) -> list[float]:
    """A range with room for the names of the outermost points."""
    pad = 0.12 * max(float(np.ptp(logs)), 0.5)
    return [float(logs.min()) - pad, float(logs.max()) + pad]


def _clear(logs: Float, quality: Sequence[float]) -> list[str]:
    """Where each point's name stands: below it where one above would run into that of a near point."""
    low, high = _padded(logs)
    above: list[tuple[float, float]] = []
    places = [""] * len(quality)
    for at in np.lexsort((logs, -np.asarray(quality))):
        x, y = (float(logs[at]) - low) / (high - low), float(quality[at])
        near = any(abs(x - other) < 0.15 and abs(y - at_height) < 0.09 for other, at_height in above)
        places[at] = "bottom center" if near else "top center"
        if not near:
            above.append((x, y))
    return places


def agreement_figure(values: Float, names: Sequence[str], title: str) -> Figure:
    """(M, M) agreement, 0 to 1, as squares that can be clicked: a point's `customdata` is its row and column."""
    import plotly.graph_objects as go

    n = len(names)
    cells = [(i, j) for i in range(n) for j in range(n) if i != j]
    shares = [float(values[i, j]) for i, j in cells]
    figure = go.Figure(
        go.Scatter(
            x=[j for _, j in cells],
            y=[i for i, _ in cells],
            text=[f"{share:.2f}" if share == share else "–" for share in shares],
            customdata=[[i, j] for i, j in cells],
            mode="markers+text",
            textfont={"color": ["white" if share > 0.75 else "black" for share in shares]},
            marker={
                "symbol": "square",
                "size": 58,
                "opacity": 1,
                "color": shares,
                "cmin": 0,
                "cmax": 1,
                "colorscale": [[0, "#e8edf6"], [1, "#1f4fb0"]],
            },
            hovertext=[f"{names[i]} and {names[j]}" for i, j in cells],
            hoverinfo="text",
        )
    )
    axis = {"tickmode": "array", "tickvals": list(range(n)), "ticktext": list(names), "showgrid": False}
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        width=190 + 78 * n,
        height=120 + 70 * n,
        margin={"l": 150, "r": 20, "t": 45, "b": 60},
        xaxis={**axis, "range": [-0.5, n - 0.5], "zeroline": False, "fixedrange": True},
        yaxis={**axis, "range": [n - 0.5, -0.5], "zeroline": False, "fixedrange": True},
    )
    return figure
