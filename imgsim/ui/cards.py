"""Collections as cards: a strip of their pictures, what is in them, and what can be done with one's own."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.pipeline import CollectionCard
from imgsim.ui import gallery, hero, maps, own_collection
from imgsim.ui.jobs import manager
from imgsim.ui.progress import plain
from imgsim.ui.state import View

A_ROW = 3
PICTURES = 8


def collections() -> None:
    """All collections, three cards a row; looked at again while pictures of one are still being made."""
    st.subheader("Collections", anchor=False)
    making = any(job.alive and job.task == "open" for job in manager().jobs())
    st.fragment(_cards, run_every=2.0 if making else None)(making)


def _cards(making: bool) -> None:
    if making and not any(job.alive and job.task == "open" for job in manager().jobs()):
        st.rerun()
    cards = maps.pipeline().collections()
    for start in range(0, len(cards), A_ROW):
        columns = st.columns(A_ROW, gap="medium")
        for column, card in zip(columns, cards[start : start + A_ROW], strict=False):
            with column.container(border=True, height="stretch", key=f"card_{card.source}"):
                _card(card)


def _card(card: CollectionCard) -> None:
    try:
        key = maps.pipeline().collection_key(card.source)
    except ImgsimError as error:
        key, broken = None, str(error)
    else:
        broken = ""
    st.html(strip(key))
    count = "" if card.n_images is None else f"{card.n_images:,} {'picture' if card.n_images == 1 else 'pictures'}. "
    st.html(f'<p class="imgsim-about"><b>{html.escape(card.title)}</b><br>{count}{html.escape(card.description)}</p>')
    if broken:
        st.caption(plain(broken))
    with st.container(horizontal=True, gap="small"):
        if st.button("Explore", key=f"open_{card.source}", disabled=bool(broken)):
            hero.open_in_explore(View(collection=card.source))
        if card.removable:
            own_collection.buttons(card)


def strip(key: str | None) -> str:
    """Up to eight pictures evenly from the collection; grey places before it was scanned."""
    collection = maps.pipeline().load_collection(key) if key else None
    if collection is None or key is None:
        return f'<div class="imgsim-strip">{"<i></i>" * PICTURES}</div>'
    rows = np.unique(np.linspace(0, len(collection) - 1, min(PICTURES, len(collection))).astype(int))
    pictures = "".join(
        f'<img loading="lazy" src="{gallery.thumbnail_url(key, int(row))}" '
        f'alt="{html.escape(collection.ids[row], quote=True)}">'
        for row in rows
    )
    return f'<div class="imgsim-strip">{pictures}</div>'
