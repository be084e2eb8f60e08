"""Finding one image of a collection: a word of its id or label, and pictures to click."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from imgsim.types import Collection
from imgsim.ui import gallery, maps
from imgsim.ui.progress import plain

OFFERED = 30  # pictures to pick from at a time


def pick_one(
    label: str, collection_key: str, collection: Collection, *, key: str, on_pick: Callable[[str], None]
) -> None:
    """A search field and the pictures it finds, evenly from the collection where it is empty; `on_pick` gets the id."""
    text = st.text_input(label, key=f"{key}_find", placeholder="id or label")
    rows = maps.find_rows(collection_key, collection, text)
    shown = rows if len(rows) <= OFFERED else rows[np.linspace(0, len(rows) - 1, OFFERED).astype(int)]
    name = f"{key}_offered"

    def picked() -> None:
        row = gallery.picked(name)
        if row is not None:
            on_pick(collection.ids[row])

    ids = collection.ids
    gallery.gallery(
        [gallery.Picture(int(j), ids[j], gallery.thumbnail_url(collection_key, int(j)), (ids[j],)) for j in shown],
        key=name,
        size=72,
        on_pick=picked,
    )
    if len(rows) > len(shown):
        st.caption(f"{len(shown)} of {len(rows):,}; type a part of the id to narrow it down.")
    if not len(rows):
        st.caption(f"No image has {plain(text)} in its id or labels.")
