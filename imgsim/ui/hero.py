"""The top of the home page: what this is in two sentences, and a map that is already there."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from imgsim.ui import explore, map_state, maps
from imgsim.ui.progress import plain
from imgsim.ui.scatter import Panel, scatter
from imgsim.ui.state import View

MAP = "first_map"
EXPLORE = Path(__file__).resolve().parents[2] / "pages" / "explore.py"


def introduction() -> None:
    """Two sentences."""
    st.header("What looks alike to a machine?", anchor=False)
    st.markdown(
        "imgsim turns pictures into numbers in many ways, from plain pixels to deep networks, and lays each way out "
        "as a map on which similar pictures lie close together. Click a picture to see its nearest ones and how near "
        "they really are; bring your own pictures and find the method that serves them best."
    )


def first_map() -> None:
    """The first collection as a map; a click on a picture goes on exploring from it."""
    view = View.first()
    if map_state.ready(view):
        _map()


@st.fragment
def _map() -> None:
    view = View.first()
    result = maps.shown(view.request())
    if result is None:
        st.rerun()
    click = st.session_state.pop("first_click", None)
    if click is not None:
        open_in_explore(View(collection=view.collection, image=result.collection.ids[click]))
    color = explore.color_of(result.collection, view)
    scatter(
        [Panel(explore.title_of(result), result.projection.key, explore.badge_of(result))],
        collection_key=result.collection_key,
        key=MAP,
        height=440,
        color=explore.color_spec(result.collection, color),
        landmarks=True,
        on_click=_clicked,
    )
    name, n = plain(result.collection.name), len(result.collection)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Explore this map", type="primary"):
            open_in_explore(view)
        st.caption(f"{name}: {n:,} pictures. Hover to see them, click one to find its nearest.")


def open_in_explore(view: View) -> None:
    """Go to the explore page with a view."""
    st.switch_page(EXPLORE, query_params=view.params())


def _clicked() -> None:
    click = st.session_state[MAP].get("click")
    if click is not None and click["row"] is not None:
        st.session_state["first_click"] = int(click["row"])
