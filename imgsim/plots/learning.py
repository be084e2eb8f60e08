"""Figures of a training: its loss, how well near pictures share a label, and the map of its space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from imgsim.plots.columns import categories
from imgsim.types import Float

ACCENT, GREY = "#3b6fd4", "#8a8f98"
MOST_LABELS = 10  # with a colour of their own
_MARGIN = {"l": 48, "r": 12, "t": 44, "b": 40}


def loss_curve(steps: Sequence[float], losses: Sequence[float], end: int) -> go.Figure:
    """The loss by step, up to the last of the training, `end`."""
    figure = go.Figure(go.Scatter(x=list(steps), y=list(losses), mode="lines", line={"color": ACCENT, "width": 2}))
    figure.update_xaxes(range=[0, end])
    return _framed(figure, "Is the loss falling?", "Step", "Loss")


def accuracy_curve(
    steps: Sequence[float], accuracies: Sequence[float], baselines: Mapping[str, float], end: int
) -> go.Figure:
    """The 1-NN accuracy by step, 0 to 100 %, with a dashed line for each baseline.

    Args:
        steps: of the measurements.
        accuracies: 0 to 1.
        baselines: 0 to 1, by the name that is shown.
        end: the last step of the training, where the lines end.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=list(steps),
        y=list(accuracies),
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"size": 5},
        name="this training",
    )
    for name, value in baselines.items():
        figure.add_scatter(
            x=[0, end], y=[value, value], mode="lines", line={"color": GREY, "width": 1.2, "dash": "dash"}, name=name
        )
        figure.add_annotation(
            x=end, y=value, text=f"{name} {value:.0%}", showarrow=False, xanchor="right", yanchor="bottom"
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return _framed(figure, "Same label as the nearest?", "Step", "Share of pictures")


def learning_map(xy: Float, labels: npt.NDArray[np.str_] | None, step: int) -> go.Figure:
    """The map xy (N, 2) of the measured pictures, coloured by the commonest labels."""
    figure = go.Figure()
    names, codes = categories(labels) if labels is not None else (["pictures"], np.zeros(len(xy), np.uint16))
    for code in range(min(len(names), MOST_LABELS)):
        _points(figure, xy[codes == code], names[code], None)
    if len(names) > MOST_LABELS:
        _points(figure, xy[codes >= MOST_LABELS], "other", GREY)
    figure.update_layout(showlegend=len(names) > 1, legend={"font": {"size": 11}, "itemsizing": "constant"})
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x")
    return _framed(figure, f"What lies together after {step:,} steps?", "", "", legend=len(names) > 1)


def _points(figure: go.Figure, xy: Float, name: str, color: str | None) -> None:
    marker = {"size": 5, "opacity": 0.75, **({"color": color} if color else {})}
    figure.add_scatter(x=xy[:, 0], y=xy[:, 1], mode="markers", name=name, marker=marker, hoverinfo="name")


def _framed(figure: go.Figure, title: str, x: str, y: str, legend: bool = False) -> go.Figure:
    figure.update_layout(
        title={"text": title, "font": {"size": 15}}, margin=_MARGIN, height=320, showlegend=legend, uirevision="kept"
    )
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y)
    return figure
