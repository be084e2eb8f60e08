"""What is stored, its limit, and how to free it."""

from __future__ import annotations

import streamlit as st

from imgsim.ui import maps

GB = 10**9
_LIMIT = "limit_gb"


def panel() -> None:
    """Size and limit of the store; clearing it drops results, never pictures, collections or tags."""
    store = maps.pipeline().store
    with st.expander(f"Stored results: {gigabytes(store.size())} of at most {gigabytes(store.limit)}"):
        st.caption(
            "Vectors, neighbours, maps and thumbnails are kept so that nothing is computed twice. The least recently "
            f"used go first when the limit is reached. They lie in {store.root}; pictures, collections and tags do not."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input("Limit in GB", 0.1, 10_000.0, store.limit / GB, step=1.0, width=160, key=_LIMIT)
            st.button("Set limit", on_click=lambda: store.set_limit(round(st.session_state[_LIMIT] * GB)))
            st.button("Clear stored results", on_click=_clear)


def _clear() -> None:
    maps.pipeline().store.clear()


def gigabytes(n_bytes: int) -> str:
    """Such as 12 MB or 3.4 GB."""
    return f"{n_bytes / GB:.1f} GB" if n_bytes >= GB else f"{n_bytes / 10**6:.0f} MB"
