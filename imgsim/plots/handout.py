"""Figures and text as one interactive HTML file that opens offline and asks for nothing."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgsim.plots.offline import in_script, offline_page
from imgsim.plots.words import words

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_STYLE = """\
body { margin: 24px auto; max-width: 1100px; padding: 0 16px; font-family: system-ui, sans-serif; color: #1d2126; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; }
p { line-height: 1.5; max-width: 70ch; }"""
_SCRIPT = """\
const quiet = {{ responsive: true, displaylogo: false, showSendToCloud: false }};
for (const [i, figure] of {figures}.entries()) Plotly.newPlot('figure-' + i, figure.data, figure.layout, quiet);"""


def handout_page(title: str, paragraphs: Sequence[str], figures: Sequence[Figure]) -> str:
    """One HTML text of about 5 MB, most of it plotly.js; texts are put in as text, not as markup."""
    texts = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
    names = [html.escape(words(figure).label) for figure in figures]
    places = "".join(f'<div id="figure-{i}" role="img" aria-label="{name}"></div>' for i, name in enumerate(names))
    drawn = in_script([json.loads(figure.to_json()) for figure in figures])
    body = f"{texts}\n<main>{places}</main>"
    return offline_page(title, style=_STYLE, body=body, script=_SCRIPT.format(figures=drawn))
