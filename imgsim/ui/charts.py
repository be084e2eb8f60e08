"""The one way to a chart: a plotly figure with a name, what it shows in a sentence, and its numbers as a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from imgsim.plots.larger import larger
from imgsim.plots.words import words
from imgsim.ui import presenting
from imgsim.ui.told import told

QUIET = {"displayModeBar": False}
_UI = Path(__file__).parent
_HTML = '<div class="imgsim-words"></div>'


def chart(figure: Any, *, key: str, said: str = "", **options: Any) -> None:
    """Show a figure as `st.plotly_chart` does, with words for who does not see it.

    Args:
        figure: of plotly, with a title that asks what it answers.
        key: unique on the page.
        said: what it shows, where the page knows it better than the figure tells.
        options: of `st.plotly_chart`.
    """
    numbers = words(figure)
    if presenting.on():
        figure = larger(figure)
    label = f"{numbers.title} {said}".strip() if said else numbers.label
    with st.container(key=f"chart_{key}", gap=None):
        st.plotly_chart(figure, key=key, **options)
        _component()(key=f"words_{key}", data=told(label=label, columns=numbers.columns, rows=numbers.rows))


@lru_cache(maxsize=1)
def _component() -> Callable[..., Any]:
    script, style = ((_UI / f"charts.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return st.components.v2.component("imgsim_words", html=_HTML, css=style, js=script, isolate_styles=False)
