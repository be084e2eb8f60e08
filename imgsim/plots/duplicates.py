"""The distribution of pair scores, with the threshold and what a person has judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ACCENT, GREY = "#3b6fd4", "#8a8f98"  # seen on the light and on the dark theme
TICKS = [digit * 10**power for power in range(8) for digit in (1, 3)]  # evenly far apart on a log axis, nearly


def threshold_figure(values: Sequence[int], threshold: float, unit: str, title: str, closer: str) -> Figure:
    """Pairs over their score, counts on a log scale; `closer` says on which side of the line copies are."""
    import plotly.graph_objects as go

    size = 1 if unit.startswith("bits") else 5
    figure = go.Figure(go.Histogram(x=list(values), xbins={"size": size}, marker={"color": ACCENT}))
    figure.add_vline(
        x=threshold,
        line={"dash": "dot", "width": 1.5, "color": GREY},
        annotation_text=closer,
        annotation_position="top",  # above the bars, on the side of the copies
        annotation_xanchor="right" if closer.endswith("left") else "left",
    )
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        height=280,
        margin={"l": 50, "r": 20, "t": 45, "b": 45},
        xaxis={"title": unit},
        yaxis={"title": "pairs", "type": "log", "tickvals": TICKS, "ticktext": [f"{n:,}" for n in TICKS]},
        bargap=0.05,
    )
    return figure
