"""Charts of anomaly scores: their distribution, the ROC curve, and what is found by size and contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

NORMAL, STRANGE, GREY = "#3b6fd4", "#d9822b", "#8a8f98"
COLORS = ("#8a8f98", "#3b6fd4", "#d9822b", "#2f9e6e", "#b5479d", "#c2410c", "#6d5bd0", "#0f766e")
Values = npt.NDArray[Any]
Point = tuple[float, float, float, float]  # x, share, its low and high end


def histogram_figure(kinds: Mapping[str, Values], unit: str, threshold: float | None) -> Figure:
    """How the scores of each kind of picture are spread, with the threshold as a line."""
    import plotly.graph_objects as go

    figure = go.Figure()
    everything = np.concatenate(list(kinds.values()))
    low, high = float(everything.min()), float(everything.max())
    size = (high - low) / 36 or 1.0
    colors = {"normal": NORMAL, "anomalous": STRANGE}
    for name, scores in kinds.items():
        bins = {"start": low, "end": high + size, "size": size}
        figure.add_histogram(x=scores, name=name, xbins=bins, marker_color=colors.get(name, GREY), opacity=0.6)
    if threshold is not None:
        figure.add_vline(x=threshold, line={"dash": "dot", "width": 1.5, "color": GREY}, annotation_text="threshold")
    figure.update_layout(barmode="overlay")
    return _framed(figure, "Do the scores tell the two kinds apart?", f"score: {unit}", "pictures")


def roc_figure(truth: Values, scores: Values, rate: float | None) -> Figure:
    """The share found against the share of false alarms, over all thresholds; dotted: guessing."""
    import plotly.graph_objects as go

    alarms, found = roc(truth, scores)
    figure = go.Figure(
        go.Scatter(x=alarms, y=found, mode="lines", line={"color": NORMAL, "width": 2}, name="this detector")
    )
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dot"}, name="guessing")
    if rate is not None:
        figure.add_vline(x=rate, line={"dash": "dot", "width": 1, "color": GREY}, annotation_text="aimed at")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    return _framed(figure, "What is found for how many false alarms?", "false alarms", "anomalous pictures found")


def roc(truth: Values, scores: Values) -> tuple[Values, Values]:
    """Shares of negatives and of positives at or above each score, from (0, 0) to (1, 1)."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    positive = np.asarray(truth, bool)[order]
    found = np.cumsum(positive)[last] / max(positive.sum(), 1)
    alarms = np.cumsum(~positive)[last] / max((~positive).sum(), 1)
    return np.append(0.0, alarms), np.append(0.0, found)


def sensitivity_figure(lines: Mapping[str, Sequence[Point]], by: str, rate: float) -> Figure:
    """The share found over a size, a line each for another field's values; dotted: what false alarms alone give."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for (name, points), color in zip(lines.items(), COLORS, strict=False):
        x, y, low, high = zip(*points, strict=True)
        figure.add_scatter(
            x=x,
            y=y,
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2},
            error_y={
                "array": [b - a for a, b in zip(y, high, strict=True)],
                "arrayminus": [a - b for a, b in zip(y, low, strict=True)],
                "thickness": 1,
                "width": 3,
            },
        )
    figure.add_hline(y=rate, line={"dash": "dot", "width": 1, "color": GREY}, annotation_text="false alarms alone")
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%")
    return _framed(figure, "How small and faint may it be?", by, "found")


def _framed(figure: Figure, title: str, x: str, y: str) -> Figure:
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=330,
        margin={"l": 50, "r": 14, "t": 44, "b": 44},
        legend={"orientation": "h", "y": -0.24},
    )
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y)
    return figure
