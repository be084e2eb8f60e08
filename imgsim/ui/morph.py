"""Points that go from one map to the other: by two buttons, or by hand with a slider; every key a browser has works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from imgsim.types import Float
from imgsim.ui.told import told

GREY = "#8a8f98"
# fmt: off
PALETTE = (  # as plots/map/colors.js has it
    "#3b7dd8", "#e0912f", "#169e77", "#cf5fa0", "#58b4e5", "#d1552b", "#406060", "#dcb9b9", "#8d6a4f", "#6f8f3a",
    "#7fa8ea", "#f0b878", "#6cc9ab", "#e49ac4", "#2d8fa8", "#e88b6d", "#b8a5ec", "#cdbf52", "#b99a80", "#a3bd72",
)
# fmt: on
_UI = Path(__file__).parent
_HTML = '<div class="imgsim-morph"></div>'


def morph(
    start: Float,
    end: Float,
    codes: Sequence[int] | None,
    trails: Sequence[int],
    *,
    names: tuple[str, str],
    title: str,
    key: str,
) -> None:
    """Draw the points, and what moves them.

    Args:
        start: (n, 2) the map shown first.
        end: (n, 2) the other, turned onto the first.
        codes: (n,) label of each point, the commonest first; None for one colour.
        trails: points whose way is drawn.
        names: of the two maps.
        title: a question.
        key: unique on the page.
    """
    _component()(key=key, data=told(**shown(start, end, codes, trails), names=list(names), title=title))


def shown(start: Float, end: Float, codes: Sequence[int] | None, trails: Sequence[int]) -> dict[str, Any]:
    """What the browser is told: places in the unit of the maps, a colour for each point, the points with a way."""
    palette = [*PALETTE, GREY]
    colors = [min(int(code), len(PALETTE)) for code in codes] if codes is not None else [0] * len(start)
    places = {"start": _places(start), "end": _places(end)}
    return {**places, "colors": colors, "palette": palette, "trails": [int(row) for row in trails]}


def _places(xy: Float) -> list[list[float]]:
    return [[round(float(x), 4), round(float(y), 4)] for x, y in xy]


@lru_cache(maxsize=1)
def _component() -> Callable[..., Any]:
    script, style = ((_UI / f"morph.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return st.components.v2.component("imgsim_morph", html=_HTML, css=style, js=script, isolate_styles=False)
