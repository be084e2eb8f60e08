"""The compare view: linked maps, and below them one question at a time.

It runs as a fragment: a click, a lasso or another question runs only this, with arrays that are open already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim.errors import InputError
from imgsim.plots.columns import categories
from imgsim.types import Collection
from imgsim.ui import compare_maps, compare_state, explore, state
from imgsim.ui.compare_maps import Shown
from imgsim.ui.compare_state import QUESTIONS, CompareView
from imgsim.ui.explore import FIELD, PLAIN
from imgsim.ui.progress import plain
from imgsim.ui.scatter import MOST_POINTS, scatter
from imgsim.ui.selection import selected_rows

MAP = "compare_maps"
NEIGHBOURS_ON_MAP = 8
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scene:
    """What every question is asked of: the view, the panels that are ready, and the row in focus or None."""

    view: CompareView
    shown: Sequence[Shown]
    focus: int | None

    @property
    def collection(self) -> Collection:
        """The collection."""
        return self.shown[0].result.collection

    @property
    def collection_key(self) -> str:
        """Key of its scan."""
        return self.shown[0].result.collection_key

    @property
    def pair(self) -> tuple[Shown, Shown]:
        """The two panels in question; the first two that are ready where those of the view are not."""
        by_number = {one.number: one for one in self.shown}
        first, second = self.view.chosen_pair()
        if first in by_number and second in by_number:
            return by_number[first], by_number[second]
        return self.shown[0], self.shown[-1]

    @property
    def label(self) -> str | None:
        """The field by which hits and misses are told: the one of the colour, else the default one."""
        color = color_of(self.collection, self.view)
        name = color[len(FIELD) :] if color.startswith(FIELD) else explore.default_field(self.collection)
        return name if name and self.collection.field(name).dtype.kind != "f" else None


@st.fragment
def compare(sections: dict[str, Callable[[Scene], None]]) -> None:
    """The maps of the view in the URL, and the question it asks."""
    view = compare_state.ADDRESS.read()[0]
    shown = compare_maps.shown(view)
    if not shown:
        st.rerun()
    scene = Scene(view, shown, shown[0].result.collection.rows.get(view.image))
    with st.container(key="compare_maps_side_by_side"):
        _toolbar(scene)
        _maps(scene)
    _question(scene, sections)


def color_of(collection: Collection, view: CompareView) -> str:
    """`plain` or `field:NAME`; what the view asks for if the collection has it."""
    if view.color == PLAIN or view.color.removeprefix(FIELD) in collection.fields:
        return view.color
    field = explore.default_field(collection)
    return f"{FIELD}{field}" if field else PLAIN


def _toolbar(scene: Scene) -> None:
    st.session_state["compare_color"] = color_of(scene.collection, scene.view)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Colour by",
            [*(f"{FIELD}{name}" for name in scene.collection.fields), PLAIN],
            key="compare_color",
            width=200,
            format_func=lambda c: "One colour" if c == PLAIN else c[len(FIELD) :],
            on_change=lambda: compare_state.update(color=st.session_state["compare_color"]),
        )
        st.caption(
            "Hover: the same image is ringed on every map. Click: its nearest by each method. Lasso: the same images "
            "everywhere. Each map is turned onto the first, so that what has moved means something.",
            width="stretch",
        )


def _maps(scene: Scene) -> None:
    view, first = scene.view, scene.shown[0]
    rows, complaint = selection_of(scene)
    if complaint:
        st.warning(plain(complaint))
    near = [] if scene.focus is None else first.result.neighbors.indices[scene.focus, :NEIGHBOURS_ON_MAP].tolist()
    scatter(
        [one.panel() for one in scene.shown],
        collection_key=scene.collection_key,
        key=MAP,
        height=380 if len(scene.shown) <= 3 else 320,
        color=explore.color_spec(scene.collection, color_of(scene.collection, view)),
        focus=scene.focus,
        neighbors=near,
        selected_rows=None if _is_own(view) and len(scene.collection) <= MOST_POINTS else rows,
        on_click=lambda: _clicked(scene.collection),
        on_selection=lassoed,
    )
    notes = [f"{len(rows):,} of {len(scene.collection):,} images selected on every map." if len(rows) else ""]
    notes += [f"Lines lead to the nearest by {first.method}." if near else ""]
    st.caption(plain(" ".join([*filter(None, notes), "Distances between islands mean nothing."])))


def selection_of(scene: Scene) -> tuple[Rows, str]:
    """The rows inside the lasso of the view, and a sentence when it makes no sense on these maps."""
    color = color_of(scene.collection, scene.view)
    codes = _codes(scene.collection, color) if color.startswith(FIELD) else None
    try:
        return selected_rows(scene.view.strokes(), [one.projection.xy for one in scene.shown], codes), ""
    except InputError as error:
        return np.zeros(0, dtype=np.int64), str(error)


@lru_cache(maxsize=8)
def _codes(collection: Collection, color: str) -> npt.NDArray[Any] | None:
    values = collection.field(color.removeprefix(FIELD))
    return None if values.dtype.kind == "f" else categories(values)[1]


def _is_own(view: CompareView) -> bool:
    """Whether the selection is what the person has just drawn: then it is on screen already."""
    own = st.session_state.get(MAP)
    strokes = own.get("selection") if own else None
    return bool(view.lasso) and state.pack_strokes(strokes or []) == view.lasso


def _clicked(collection: Collection) -> None:
    click = st.session_state[MAP].get("click")
    if click is not None:
        row = click["row"]
        focus_on(collection, row if row is not None and 0 <= row < len(collection) else None)


def focus_on(collection: Collection, row: int | None) -> None:
    """Put an image into focus on every map; None takes the focus away."""
    compare_state.update(image="" if row is None else collection.ids[row])


def lassoed() -> None:
    """Keep the strokes on the maps in the URL."""
    strokes, view = st.session_state[MAP].get("selection") or [], compare_state.ADDRESS.read()[0]
    if strokes or view.lasso:
        grown = strokes and strokes[0].get("mode") in ("add", "remove")
        compare_state.update(lasso=state.pack_strokes([*view.strokes(), *strokes] if grown else strokes))


def _question(scene: Scene, sections: dict[str, Callable[[Scene], None]]) -> None:
    asked = scene.view.ask if scene.view.ask in sections else next(iter(sections))
    st.session_state["compare_ask"] = asked
    st.pills(
        "Questions",
        list(sections),
        key="compare_ask",
        format_func=lambda ask: QUESTIONS[ask],
        label_visibility="collapsed",
        on_change=lambda: compare_state.update(ask=st.session_state["compare_ask"] or asked),
    )
    st.subheader(QUESTIONS[asked], anchor=False)
    sections[asked](scene)
