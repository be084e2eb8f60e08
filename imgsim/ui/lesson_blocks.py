"""The blocks of a lesson on the page: each kind has a way to be drawn."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import streamlit as st

from imgsim.lessons.blocks import Bars, Block, Curves, GoOn, Maps, Pictures, Says, Shown
from imgsim.plots import teaching
from imgsim.ui import gallery, hero, maps
from imgsim.ui.charts import QUIET, chart
from imgsim.ui.picture_rows import Item, Row, picture_rows
from imgsim.ui.pictures import webp
from imgsim.ui.state import View

PAGES = Path(__file__).resolve().parents[2] / "pages"
SIDE = 160  # pixels of a picture made by a lesson


def draw(blocks: Sequence[Block], key: str) -> None:
    """Blocks one below the other; rows of pictures that follow each other are one table."""
    for number, (kind, group) in enumerate(groupby(blocks, key=type)):
        same: list[Any] = list(group)
        if kind is Pictures:
            _pictures(same, f"{key}_{number}")
            continue
        for place, block in enumerate(same):
            _DRAW[kind](block, f"{key}_{number}_{place}")


def figures(blocks: Sequence[Block]) -> list[Any]:
    """The figures among the blocks, for a file to hand out."""
    drawn: list[Any] = []
    for block in blocks:
        if isinstance(block, Bars | Curves):
            drawn.append(_figure(block))
        elif isinstance(block, Maps):
            drawn += [teaching.truth_map(m.title, m.xy, m.truth, m.kind, m.note, 420) for m in block.maps]
    return drawn


def _figure(block: Bars | Curves) -> Any:
    facts: dict[str, Any] = {"baseline": block.baseline, "share": block.share}
    if isinstance(block, Bars):
        return teaching.bars_figure(block.title, block.values, block.unit, **facts)
    facts |= {"at": block.at, "log": block.log}
    return teaching.curves_figure(block.title, block.x, block.lines, block.x_unit, block.unit, **facts)


def _chart(block: Bars | Curves, key: str) -> None:
    chart(_figure(block), width="stretch", key=key, config=QUIET)


def _maps(block: Maps, key: str) -> None:
    for start in range(0, len(block.maps), 2):
        shown = block.maps[start : start + 2]
        for number, (column, one) in enumerate(zip(st.columns(2), shown, strict=False)):
            figure = teaching.truth_map(one.title, one.xy, one.truth, one.kind, one.note)
            with column:
                chart(figure, width="stretch", key=f"{key}_{start + number}", config=QUIET)


def _says(block: Says, key: str) -> None:  # noqa: ARG001
    st.markdown(block.text)


def _go_on(block: GoOn, key: str) -> None:
    page = PAGES / f"{block.page}.py"
    if page.is_file() and st.button(block.label, key=key):
        st.switch_page(page, query_params=dict(block.params))


def _pictures(rows: Sequence[Pictures], key: str) -> None:
    places = [(r, c) for r, row in enumerate(rows) for c in range(len(row.items))]
    shown = [
        Row(row.title, row.note, tuple(_item(one, places.index((r, c))) for c, one in enumerate(row.items)))
        for r, row in enumerate(rows)
    ]
    picture_rows(shown, key=key, size=62)
    clicked = gallery.picked(key)
    if clicked is not None:
        r, c = places[clicked]
        one = rows[r].items[c]
        if one.pixels is None:
            hero.open_in_explore(View(collection=one.source, image=one.name))


def _item(one: Shown, place: int) -> Item:
    about = one.name if one.pixels is not None else f"{one.name}: click to explore from it"
    return Item(place, one.name, _src(one), mark=one.mark, tag=one.tag, about=about)


def _src(one: Shown) -> str:
    if one.pixels is not None:
        return "data:image/webp;base64," + base64.b64encode(webp(one.pixels, SIDE)).decode()
    key = maps.pipeline().collection_key(one.source)
    if key is None:
        return ""
    return gallery.thumbnail_url(key, maps.pipeline().load_collection(key).rows[one.name])


_DRAW: dict[type, Callable[[Any, str], None]] = {Bars: _chart, Curves: _chart, Maps: _maps, Says: _says, GoOn: _go_on}
