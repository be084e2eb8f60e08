"""Accuracy against the number of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ACCENT, GREY = "#3b6fd4", "#8a8f98"


def learning_figure(points: Sequence[Mapping[str, Any]], n_classes: int) -> Figure:
    """The mean accuracy with its interval, the worst and best draw as dots, the commonest class as a line."""
    import plotly.graph_objects as go

    x = [point["n_labels"] for point in points]
    y = [point["accuracy"] for point in points]
    up = [point["ci95"][1] - point["accuracy"] for point in points]
    down = [point["accuracy"] - point["ci95"][0] for point in points]
    figure = go.Figure()
    for name in ("lowest", "highest"):
        figure.add_scatter(
            x=x, y=[p[name] for p in points], mode="markers", marker={"size": 5, "color": GREY}, name=name
        )
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        error_y={"type": "data", "array": up, "arrayminus": down, "symmetric": False, "thickness": 1.5},
        name="mean",
    )
    base = points[0]["majority"]
    figure.add_hline(y=base, line={"dash": "dash", "width": 1.2, "color": GREY})
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="right",
        y=base,
        yanchor="bottom",
        showarrow=False,
        text=f"always the commonest {base:.1%}",
    )
    figure.update_layout(
        title={"text": "How far do a few labels go?", "font": {"size": 15}},
        height=380,
        margin={"l": 50, "r": 20, "t": 45, "b": 45},
        showlegend=False,
        xaxis={
            "title": f"labels in all, of {n_classes:,} classes",
            "type": "log",
            "tickvals": x,
            "ticktext": [f"{n:,}" for n in x],
        },
        yaxis={"title": "share of right answers", "tickformat": ".0%", "range": [0, 1.02]},
    )
    return figure
