"""Rows of pictures, one a method; pointing at an image marks it in every row, a click picks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from imgsim.ui import gallery
from imgsim.ui.told import told

_HTML = '<div class="imgsim-rows" aria-label="Rows of images"></div>'
_UI = Path(__file__).parent


@dataclass(frozen=True)
class Item:
    """One image of a row.

    Attributes:
        row: its row in the collection.
        id: its id.
        src: where the browser gets it.
        mark: `hit` (solid border, tick), `miss` (dashed border, cross) or "" for neither.
        tag: a short text in its corner, such as a rank or in how many rows it stands.
        about: what hovering shows.
        said: what a screen reader adds to the id.
        explain: URL parameters of the pair page; with them the picture has a "Why?" that leads there.
    """

    row: int
    id: str
    src: str
    mark: Literal["hit", "miss", ""] = ""
    tag: str = ""
    about: str = ""
    said: str = ""
    explain: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A title, a note beside it, and pictures from left to right."""

    title: str
    note: str
    items: tuple[Item, ...]


def item(collection_key: str, ids: Sequence[str], row: int, **facts: Any) -> Item:
    """The picture of an image of a collection."""
    return Item(int(row), ids[row], gallery.thumbnail_url(collection_key, int(row)), **facts)


def picture_rows(rows: Sequence[Row], *, key: str, size: int = 84, on_pick: Callable[[], None] | None = None) -> None:
    """Show rows of pictures `size` pixels wide; in the callback `gallery.picked(key)` is the row of the image."""
    shown = _component()(
        key=key,
        data=told(rows=[asdict(row) for row in rows], size=size),
        on_pick_change=on_pick or (lambda: None),
        on_explain_change=lambda: None,
    )
    gallery.follow(shown)


@lru_cache(maxsize=1)
def _component() -> Callable[..., Any]:
    script, style = ((_UI / f"picture_rows.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return st.components.v2.component("imgsim_picture_rows", html=_HTML, css=style, js=script, isolate_styles=False)
