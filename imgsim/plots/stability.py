"""Small multiples: the same map drawn in several ways, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgsim.types import Float

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLUMNS = 5


def multiples_figure(maps: Sequence[Float], names: Sequence[str], survival: Float, title: str) -> Figure:
    """Each (n, 2) map in a small frame, its points coloured by how much of their neighbourhood survives, 0 to 1."""
    from plotly.graph_objects import Scattergl
    from plotly.subplots import make_subplots

    n_rows = -(-len(maps) // COLUMNS)
    figure = make_subplots(
        n_rows, COLUMNS, subplot_titles=list(names), horizontal_spacing=0.01, vertical_spacing=0.14 / n_rows
    )
    for at, xy in enumerate(maps):
        marker = {"size": 3, "color": survival, "coloraxis": "coloraxis"}
        points = Scattergl(x=xy[:, 0], y=xy[:, 1], mode="markers", marker=marker, hoverinfo="skip", showlegend=False)
        row, column = at // COLUMNS + 1, at % COLUMNS + 1
        figure.add_trace(points, row=row, col=column)
        figure.update_yaxes(scaleanchor=f"x{at + 1 if at else ''}", row=row, col=column)
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    figure.update_annotations(font_size=12)
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=120 + 190 * n_rows,
        margin={"l": 6, "r": 6, "t": 70, "b": 56},
        coloraxis={
            "colorscale": [[0, "#c2410c"], [0.5, "#d8c9a8"], [1, "#1f4fb0"]],
            "cmin": 0,
            "cmax": 1,
            "colorbar": {
                "title": {"text": "share of neighbours that survives", "side": "top"},
                "orientation": "h",
                "thickness": 8,
                "len": 0.5,
                "y": -0.02,
                "yanchor": "top",
            },
        },
    )
    return figure
