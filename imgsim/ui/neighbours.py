"""The panel beside the map: the image in focus, and what the method finds near it."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st

from imgsim.pipeline import MapResult
from imgsim.types import Match
from imgsim.ui import gallery, maps, pair_state, search_state, state, walk
from imgsim.ui.progress import plain
from imgsim.ui.state import View

K = 24
SCROLL = 340  # height of the gallery in pixels, so that the panel is as high as the map
_WALK = "walk"
_KEY = "neighbours"


def focus_on(result: MapResult, row: int | None) -> None:
    """Put an image into focus, as a step of the walk; None takes the focus away."""
    if row is None:
        state.update(image="")
        return
    id = result.collection.ids[row]
    st.session_state[_WALK] = walk.visit(st.session_state.get(_WALK), result.collection.source, id)
    state.update(image=id)


def panel(result: MapResult, view: View, label: str | None) -> None:
    """The image in focus with its neighbours; `label` is the field that is written below each."""
    row = result.collection.rows.get(view.image)
    if row is None:
        _hint(view)
        return
    st.session_state[_WALK] = walk.visit(st.session_state.get(_WALK), result.collection.source, view.image)
    _steps(view)
    st.html(focus_card(result, row))
    matches = maps.pipeline().neighbors_of(result, row, K)
    if not matches:
        st.caption("There is no other image in this collection to compare it with.")
        return

    def why(match: Match) -> Mapping[str, str]:
        return pair_state.params(view.collection, view.image, match.id, view.method)

    st.markdown(f"**Nearest {len(matches)}** by {result.embeddings.metric.replace('_', ' ')} distance", help=_HELP)
    with st.container(height=SCROLL, border=False):
        gallery.gallery(
            [picture(result, match, label, why(match)) for match in matches],
            key=_KEY,
            size=78,
            verb="Search from here",
            on_pick=lambda: _walk_to(result),
        )


def picture(
    result: MapResult, match: Match, label: str | None, explain: Mapping[str, str] | None = None
) -> gallery.Picture:
    """A neighbour: rank and label, then score and percentile; `explain` leads to the pair page."""
    row = result.collection.row(match.id)
    closer = maps.pipeline().percentile(result.embeddings, match.distance)
    name = str(match.fields.get(label, match.id)) if label else match.id
    return gallery.Picture(
        row=row,
        id=match.id,
        src=gallery.thumbnail_url(result.collection_key, row),
        lines=(f"{match.rank}. {name}", f"{match.score:.3f} · {percent(closer)}"),
        about=f"{facts(match.fields)}\ndistance {match.distance:.4g}, closer than {percent(closer)} of random pairs",
        explain=explain or {},
    )


def focus_card(result: MapResult, row: int) -> str:
    """The image in focus, larger, with its fields; every text escaped."""
    collection = result.collection
    id = html.escape(collection.ids[row], quote=True)
    rows = "".join(
        f"<tr><th>{html.escape(str(name))}</th><td>{html.escape(number(value))}</td></tr>"
        for name, value in collection.record(row).items()
    )
    source = gallery.image_url(result.collection_key, row)
    return (
        f'<figure class="imgsim-focus"><img src="{source}" alt="{id}">'
        f"<figcaption>{id}</figcaption><table>{rows}</table></figure>"
    )


def facts(fields: Mapping[str, str | float]) -> str:
    """The fields of an image in one line."""
    return " · ".join(f"{name}: {number(value)}" for name, value in fields.items())


def number(value: str | float) -> str:
    """A field's value for people; missing numbers are a dash."""
    if isinstance(value, str):
        return value
    return "–" if value != value else f"{value:g}"


def percent(value: float) -> str:
    """A percentile that never claims more than it knows: 100 % only of all."""
    return f"{value:.0f} %" if value in (0.0, 100.0) else f"{min(max(value, 0.1), 99.9):.1f} %"


def _hint(view: View) -> None:
    if view.image:
        st.info(f"No image of this collection has the id {plain(view.image)}; it may have been removed.")
    st.markdown("**Click a picture on the map**")
    st.caption(
        "Its nearest images appear here, by the method's own distance and not by the distance on the map. "
        "Click one of them to walk on. With the lasso, select a region to see what sets it apart."
    )


def _steps(view: View) -> None:
    here = st.session_state.get(_WALK)
    with st.container(horizontal=True, gap="small", key="walk_steps"):
        for name, by, icon in (("Back", -1, "←"), ("Forward", 1, "→")):
            st.button(f"{icon} {name}", key=name, disabled=not walk.can_step(here, by), on_click=_step, args=(by,))
        if st.button("Search with it", key="search_focus", help="By a part of it, by several methods, with filters."):
            search_state.go(view.collection, view.image, view.method)
        st.button("Close", key="close_focus", type="tertiary", on_click=lambda: state.update(image=""))


def _step(by: int) -> None:
    st.session_state[_WALK] = walk.step(st.session_state[_WALK], by)
    state.update(image=walk.here(st.session_state[_WALK]))


def _walk_to(result: MapResult) -> None:
    row = gallery.picked(_KEY)
    if row is not None:
        focus_on(result, row)


_HELP = (
    "Below each picture: its similarity, larger is closer, and how many of 100 random pairs of this collection are "
    "farther apart. Similarities of different methods cannot be compared; the percentages can."
)
