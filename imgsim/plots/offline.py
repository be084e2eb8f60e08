"""The frame of an HTML file that opens offline: scripts and data are inside, and it asks for nothing."""

from __future__ import annotations

import html
import json
from typing import Any

from imgsim.plots.scripts import flat_plotly_path, plotly_path

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; {allowed}base-uri 'none'; form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style></head><body>
<h1>{title}</h1>{body}
<script>{plotly}</script>
<script>
{script}
</script></body></html>
"""


def offline_page(title: str, *, style: str, body: str, script: str, allowed: str = "", flat: bool = False) -> str:
    """One HTML text of about 5 MB, flat 1.5, most of it plotly.js, which runs before the script.

    Args:
        title: heading of the page, put in as text.
        style: CSS.
        body: HTML after the heading.
        script: JavaScript.
        allowed: directives of the content security policy beyond scripts, styles and pictures, each with its ";".
        flat: plotly.js draws only points in two dimensions.
    """
    return _PAGE.format(
        policy=_POLICY.format(allowed=allowed),
        title=html.escape(title),
        style=style,
        body=body,
        plotly=(flat_plotly_path() if flat else plotly_path())
        .read_text(encoding="utf-8")
        .replace("</script", "<\\/script"),
        script=script,
    )


def in_script(data: Any) -> str:
    """Data as JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
