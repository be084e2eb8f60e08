"""Figures in large type."""

from __future__ import annotations

import plotly.graph_objects as go

from imgsim.plots.larger import larger


def test_all_type_grows_and_nothing_else() -> None:
    figure = go.Figure(
        go.Bar(x=[1, 2], y=["a", "b"], marker={"line": {"width": 2}}),
        {
            "title": {"text": "Which?<br><span style='font-size:12px'>a note</span>", "font": {"size": 20}},
            "xaxis": {"title": {"text": "share"}, "tickfont": {"size": 10}},
            "annotations": [{"text": "here", "font": {"size": 10}}],
            "margin": {"l": 100, "t": 20},
            "height": 200,
        },
    )
    before = figure.to_json()
    grown = larger(figure).layout
    assert (grown.title.font.size, grown.xaxis.tickfont.size, grown.annotations[0].font.size) == (27, 13.5, 13.5)
    assert "font-size:16px" in grown.title.text
    assert abs(grown.xaxis.title.font.size - 16.2) < 1e-9
    assert abs(grown.yaxis.tickfont.size - 16.2) < 1e-9
    assert (grown.margin.l, grown.margin.t, grown.height) == (135, 27, 230)
    assert larger(figure).data[0].marker.line.width == 2
    assert figure.to_json() == before
