"""Evidence on a pair of images as a chart: two bars for each name, one of either image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgsim.types import Float

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FIRST, SECOND = "#3b6fd4", "#d9822b"


def pair_bars_figure(
    labels: Sequence[str], a: Float, b: Float, *, title: str, unit: str, colors: Sequence[str] = ()
) -> Figure:
    """Horizontal bars, the first image above the second; `colors` (n,) `#rrggbb` are shown as squares at the names.

    Args:
        labels: (n,) names, unique.
        a: (n,) values of the first image.
        b: (n,) values of the second image.
        title: a question.
        unit: of the values.
        colors: of the names, where they are colours.
    """
    import plotly.graph_objects as go

    names = [f'<span style="color:{color}">■</span> {label}' for label, color in zip(labels, colors, strict=True)]
    shown = names if colors else list(labels)
    figure = go.Figure()
    for name, values, color in (("second image", b, SECOND), ("first image", a, FIRST)):
        figure.add_bar(
            y=shown,
            x=[float(value) for value in values],
            name=name,
            orientation="h",
            marker={"color": color},
            hovertemplate="%{x:.3f}<extra>" + name + "</extra>",
        )
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=110 + 30 * len(labels),
        margin={"l": 10, "r": 12, "t": 44, "b": 44},
        barmode="group",
        bargap=0.25,
        legend={
            "orientation": "h",
            "y": 1.0,
            "x": 1,
            "xanchor": "right",
            "yanchor": "bottom",
            "traceorder": "reversed",
        },
        xaxis={"title": unit, "rangemode": "tozero", "fixedrange": True},
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True, "type": "category"},
    )
    return figure
