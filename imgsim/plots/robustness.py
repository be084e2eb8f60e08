"""Charts of what methods are blind to: curves over the strength, and all transformations at one glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.types import Float

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLORS = ("#3b6fd4", "#d9822b", "#2f9e6e", "#b5479d", "#8a8f98", "#c2410c")
Rows = Sequence[Mapping[str, Any]]


def curve_figure(
    rows: Rows, names: Mapping[str, str], value: str, *, title: str, x: str, y: str, chance: float | None = None
) -> Figure:
    """One line a method over the strength, its 95 % interval as a band.

    Args:
        rows: of one transformation: `method`, `strength`, the value and its `<value>_ci`, if it has one.
        names: what the methods are called, in the order of the lines.
        value: `recall_at_1`, `similarity` or `percentile`.
        title: of the figure, a question.
        x: title of the axis of strengths.
        y: title of the axis of values.
        chance: a dotted line, what guessing gives.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for (method, name), color in zip(names.items(), COLORS, strict=False):
        mine = sorted((row for row in rows if row["method"] == method), key=lambda row: row["strength"])
        at = [row["strength"] for row in mine]
        if mine and f"{value}_ci" in mine[0]:
            low, high = ([row[f"{value}_ci"][end] for row in mine] for end in (0, 1))
            figure.add_scatter(
                x=[*at, *at[::-1]],
                y=[*high, *low[::-1]],
                mode="lines",
                fill="toself",
                fillcolor=_faint(color),
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
            )
        figure.add_scatter(
            x=at,
            y=[row[value] for row in mine],
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2},
            hovertemplate="%{y:.3f}",
        )
    if chance is not None:
        figure.add_hline(y=chance, line={"dash": "dot", "width": 1}, annotation_text="by chance")
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=320,
        margin={"l": 50, "r": 12, "t": 44, "b": 44},
        legend={"orientation": "h", "y": -0.22},
        hovermode="x unified",
        xaxis={"title": x},
        yaxis={"title": y, "rangemode": "tozero"},
    )
    return figure


def heat_map_figure(values: Float, kinds: Sequence[str], methods: Sequence[str], title: str) -> Figure:
    """(T, M) shares 0 to 1 of transformations by methods, NaN where nothing is known."""
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(methods),
            y=list(kinds),
            zmin=0,
            zmax=1,
            colorscale=[[0, "#c2410c"], [0.5, "#f0e6d8"], [1, "#1f4fb0"]],
            text=[["–" if v != v else f"{v:.2f}" for v in row] for row in values],
            texttemplate="%{text}",
            hovertemplate="%{y}, %{x}: %{z:.2f}<extra></extra>",
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=130 + 36 * len(kinds),
        margin={"l": 10, "r": 10, "t": 44, "b": 10},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True},
        xaxis={"automargin": True, "side": "bottom", "fixedrange": True},
    )
    return figure


def survival(rows: Rows, kinds: Sequence[str], methods: Sequence[str]) -> Float:
    """(T, M) mean recall@1 over the strengths other than 0; NaN where there is none."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row["strength"] != 0:
            found.setdefault((row["method"], row["transformation"]), []).append(row["recall_at_1"])
    cells = [[float(np.mean(found[m, t])) if (m, t) in found else np.nan for m in methods] for t in kinds]
    return np.asarray(cells, np.float32).reshape(len(kinds), len(methods))


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
