"""Figures of lessons and worlds: bars with a baseline, curves, maps in the colours of the truth, votes of a room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.types import Float

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Okabe, Ito 2008, Color universal design: told apart by colour-blind people too.
GROUPS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a400", "#7a7f87")
ACCENT, GREY = "#3b6fd4", "#8a8f98"
CIRCLE = ((0.0, "#3b6fd4"), (0.25, "#e69f00"), (0.5, "#b23b3b"), (0.75, "#009e73"), (1.0, "#3b6fd4"))
AXIS = ((0, "#2f63c9"), (0.5, "#8b8b86"), (1, "#b58e00"))
_MARGIN = {"l": 12, "r": 12, "t": 46, "b": 44}
_FIXED = {"fixedrange": True, "automargin": True}


def bars_figure(
    title: str,
    values: Mapping[str, float],
    unit: str,
    *,
    baseline: tuple[str, float] | None = None,
    share: bool = True,
    marked: str = "",
) -> Figure:
    """Horizontal bars with their value at the end; `marked` is drawn in the accent where others are grey."""
    import plotly.graph_objects as go

    names = list(values)
    largest = max([*map(float, values.values()), baseline[1] if baseline else 0.0, 1e-9])
    colors = [ACCENT if not marked or name == marked else GREY for name in names]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=[float(values[name]) for name in names],
            orientation="h",
            marker={"color": colors},
            text=[_shown(values[name], share) for name in names],
            textposition=["inside" if _collides(values[name], baseline, largest) else "outside" for name in names],
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    smallest = min([0.0, *map(float, values.values())])
    end = 1.12 if share else largest * 1.15
    whole = all(float(value).is_integer() for value in values.values()) and largest < 6  # votes have no halves
    ticks = {"dtick": 1} if whole and not share else _ticks(share)
    figure.update_xaxes(title=unit, range=[smallest * 1.15, end], **ticks, **_FIXED)
    figure.update_yaxes(autorange="reversed", type="category", **_FIXED)
    _baseline(figure, baseline, share, "v", right=baseline is not None and baseline[1] > 0.55 * end)
    return _framed(figure, title, 120 + 30 * len(names) + (18 if baseline else 0))


def curves_figure(
    title: str,
    x: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    x_unit: str,
    unit: str,
    *,
    baseline: tuple[str, float] | None = None,
    share: bool = True,
    at: float | None = None,
    log: bool = False,
) -> Figure:
    """A line for each name; a dotted line stands at `at`; with `log` x is spaced by factors, ticked at its values."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, (name, values) in enumerate(lines.items()):
        color = GROUPS[number % len(GROUPS)]
        figure.add_scatter(
            x=list(x), y=list(values), name=name, mode="lines+markers", line={"color": color, "width": 2.5}
        )
    if at is not None:
        figure.add_vline(x=at, line={"color": GREY, "dash": "dot", "width": 1.2})
    ticks = {"type": "log", "tickvals": list(x), "ticktext": [f"{value:,.0f}" for value in x]} if log else _whole(x)
    figure.update_xaxes(title=x_unit, **ticks, **_FIXED)
    figure.update_yaxes(title=unit, rangemode="tozero", **_ticks(share), **_FIXED)
    _baseline(figure, baseline, share, "h", right=baseline is not None and _clearer_right(lines, baseline[1]))
    _framed(figure, title, 340 if len(lines) > 1 else 320)
    legend = {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "xanchor": "left"}
    top = 66 if len(lines) > 1 else _MARGIN["t"]
    return figure.update_layout(showlegend=len(lines) > 1, legend=legend, margin={**_MARGIN, "t": top})


def truth_map(title: str, xy: Float, truth: Float, kind: str, note: str = "", height: int = 300) -> Figure:
    """A map xy (N, 2) in the colours of what is true of each point (N,): groups, a place on a circle or an axis."""
    import plotly.graph_objects as go

    figure = go.Figure()
    size = 6 if len(xy) <= 400 else 4
    for name, chosen, marker in _marked(truth, kind):
        figure.add_scattergl(
            x=xy[chosen, 0],
            y=xy[chosen, 1],
            mode="markers",
            name=name,
            marker={"size": size, "opacity": 0.8, **marker},
            hoverinfo="name" if name else "skip",
        )
    if kind == "groups":
        _numbered(figure, xy, truth)
    figure.update_xaxes(visible=False, constrain="domain", fixedrange=True)
    figure.update_yaxes(visible=False, scaleanchor="x", fixedrange=True)
    text = f"{title}<br><span style='font-size:12px;font-weight:400'>{note}</span>" if note else title
    top = 76 if note else 40  # for a note of one or two lines, so that maps side by side stand at one height
    framed = _framed(figure, text, height + top - 40)
    at_top = {"y": 1, "yanchor": "top", "pad": {"t": 20 if note else 8}}  # of two lines plotly places the baseline
    return framed.update_layout(title=at_top, margin={"l": 4, "r": 4, "t": top, "b": 4}, showlegend=False)


def _marked(truth: Float, kind: str) -> list[tuple[str, Any, dict[str, Any]]]:
    if kind == "groups":
        found = np.unique(truth)
        return [(f"group {int(g) + 1}", truth == g, {"color": GROUPS[i % len(GROUPS)]}) for i, g in enumerate(found)]
    scale = [list(stop) for stop in (CIRCLE if kind == "circle" else AXIS)]
    return [("", np.ones(len(truth), bool), {"color": truth, "colorscale": scale, "cmin": 0, "cmax": 1})]


def _numbered(figure: Figure, xy: Float, truth: Float) -> None:
    """The number of each group above its middle, so that a text can speak of the second and the third."""
    for group in np.unique(truth)[: len(GROUPS)]:
        points = xy[truth == group]
        x, y = float(np.median(points[:, 0])), float(points[:, 1].max())
        figure.add_annotation(x=x, y=y, text=f"{int(group) + 1}", showarrow=False, yshift=11)


def _collides(value: float, baseline: tuple[str, float] | None, largest: float) -> bool:
    """Whether the number at the end of a bar would stand on the line."""
    return baseline is not None and 0 <= (baseline[1] - value) / largest < 0.09 and value > 0.2 * largest


def _clearer_right(lines: Mapping[str, Sequence[float]], base: float) -> bool:
    """Whether the lines keep farther from a base line at their right end than at their left one."""
    left, right = (min((abs(values[end] - base) for values in lines.values()), default=0.0) for end in (0, -1))
    return right > left


def _whole(x: Sequence[float]) -> dict[str, Any]:
    """Ticks at whole numbers where x is a short count."""
    return {"dtick": 1} if max(x) - min(x) <= 8 and all(value == int(value) for value in x) else {}


def _baseline(figure: Figure, baseline: tuple[str, float] | None, share: bool, way: str, right: bool = False) -> None:
    """A line across; `right`: its name stands left of one that goes up, or at the right end of one that goes across."""
    if baseline is None:
        return
    name, value = baseline
    line = {"color": GREY, "dash": "dash", "width": 1.4}
    text = f"{name} {_shown(value, share)}"
    if way == "v":
        figure.add_vline(x=value, line=line)
        figure.add_annotation(
            x=value,
            y=1,
            yref="paper",
            text=text,
            showarrow=False,
            xanchor="right" if right else "left",
            yanchor="bottom",
            font={"size": 12},
        )
    else:
        figure.add_hline(y=value, line=line)
        figure.add_annotation(
            x=int(right),
            xref="paper",
            y=value,
            text=text,
            showarrow=False,
            xanchor="right" if right else "left",
            yanchor="bottom",
            font={"size": 12},
        )


def _ticks(share: bool) -> dict[str, Any]:
    return {"tickformat": ".0%"} if share else {}


def _shown(value: float, share: bool) -> str:
    return f"{value:.0%}" if share else f"{value:,.3g}"


def _framed(figure: Figure, title: str, height: int) -> Figure:
    figure.update_layout(
        title={"text": title, "font": {"size": 15}}, margin=_MARGIN, height=height, showlegend=False, bargap=0.3
    )
    return figure


def vector_figure(vector: Float) -> Figure:
    """The numbers of a vector (D,) in their order."""
    import plotly.graph_objects as go

    figure = go.Figure(go.Scatter(y=[float(v) for v in vector], mode="lines", line={"color": ACCENT, "width": 1}))
    figure.update_xaxes(title="place in the vector", **_FIXED)
    figure.update_yaxes(title="value", **_FIXED)
    return _framed(figure, f"The vector: {len(vector):,} numbers", 260)
