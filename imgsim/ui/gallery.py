"""A grid of pictures to click; the browser fetches each from `imgsim.ui.routes` when it comes into sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from imgsim.ui.told import told

_HTML = '<div class="imgsim-gallery" role="list" aria-label="Images"></div>'
_UI = Path(__file__).parent
PAIR = Path(__file__).resolve().parents[2] / "pages" / "pair.py"


@dataclass(frozen=True)
class Picture:
    """One image of a gallery.

    Attributes:
        row: its row in the collection.
        id: its id, read out by screen readers.
        src: where the browser gets it.
        lines: what stands below it, the first line in the text colour.
        about: what hovering shows.
        explain: URL parameters of the pair page; with them the picture has a "Why?" that leads there.
        vote: `like`, `dislike` or "" for a picture with two buttons to say so, None for one without.
    """

    row: int
    id: str
    src: str
    lines: tuple[str, ...] = ()
    about: str = ""
    explain: Mapping[str, str] = field(default_factory=dict)
    vote: str | None = None


def thumbnail_url(collection_key: str, row: int) -> str:
    """The address of a thumbnail, relative to the app."""
    return f"imgsim/thumb/{collection_key}/{row}.webp"


def image_url(collection_key: str, row: int) -> str:
    """The address of a larger view, up to 768 px."""
    return f"imgsim/image/{collection_key}/{row}.webp"


def gallery(
    pictures: Sequence[Picture],
    *,
    key: str,
    size: int = 96,
    verb: str = "",
    on_pick: Callable[[], None] | None = None,
    on_vote: Callable[[], None] | None = None,
) -> None:
    """Show pictures at least `size` pixels wide; `on_pick` runs after a click on one, `on_vote` after a vote.

    In the callbacks `picked(key)` is the row, and `voted(key)` the row and `like` or `dislike`. `verb` is what a click
    does, such as "Search from here".
    """
    shown = _component()(
        key=key,
        data=told(items=[asdict(picture) for picture in pictures], size=size, verb=verb),
        on_pick_change=on_pick or (lambda: None),
        on_vote_change=on_vote or (lambda: None),
        on_explain_change=lambda: None,
    )
    follow(shown)


def follow(shown: Any) -> None:
    """Go to the pair page if the "Why?" of a picture was clicked; `shown` is what the component gave."""
    if shown.explain is not None:
        st.switch_page(PAIR, query_params=dict(shown.explain))


def picked(key: str) -> int | None:
    """The row that was clicked, in the run after the click."""
    state = st.session_state.get(key)
    row = state.get("pick") if state else None
    return None if row is None else int(row)


def voted(key: str) -> tuple[int, str] | None:
    """The row that was liked or disliked and which, in the run after the click."""
    state = st.session_state.get(key)
    vote = state.get("vote") if state else None
    return None if vote is None else (int(vote["row"]), str(vote["kind"]))


@lru_cache(maxsize=1)
def _component() -> Callable[..., Any]:
    script, style = ((_UI / name).read_text(encoding="utf-8") for name in ("gallery.js", "gallery.css"))
    return st.components.v2.component("imgsim_gallery", html=_HTML, css=style, js=script, isolate_styles=False)
