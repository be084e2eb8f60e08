"""Figures and text as one interactive HTML file that opens offline and asks for nothing."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgsim.plots.scripts import plotly_path

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 24px auto; max-width: 1100px; padding: 0 16px; font-family: system-ui, sans-serif; color: #1d2126; }}
main {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 16px; }}
p {{ line-height: 1.5; max-width: 70ch; }}
</style></head><body>
<h1>{title}</h1>{paragraphs}
<main>{places}</main>
<script>{plotly}</script>
<script>
const quiet = {{ responsive: true, displaylogo: false, showSendToCloud: false }};
for (const [i, figure] of {figures}.entries()) Plotly.newPlot('figure-' + i, figure.data, figure.layout, quiet);
</script></body></html>
"""


def handout_page(title: str, paragraphs: Sequence[str], figures: Sequence[Figure]) -> str:
    """One HTML text of about 5 MB, most of it plotly.js; texts are put in as text, not as markup."""
    drawn = json.dumps([json.loads(figure.to_json()) for figure in figures], ensure_ascii=False)
    return _PAGE.format(
        policy=_POLICY,
        title=html.escape(title),
        paragraphs="".join(f"<p>{html.escape(text)}</p>" for text in paragraphs),
        places="".join(f'<div id="figure-{i}"></div>' for i in range(len(figures))),
        plotly=plotly_path().read_text(encoding="utf-8").replace("</script", "<\\/script"),
        figures=drawn.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
    )
