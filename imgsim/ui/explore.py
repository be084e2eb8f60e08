"""The explore view: one map, what is near the image in focus, and what sets a selection apart.

It runs as a fragment: a click, a lasso or another colour runs only this, with arrays that are open already.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.pipeline import MapResult
from imgsim.plots.columns import categories
from imgsim.projections import PROJECTORS
from imgsim.types import Collection
from imgsim.ui import exports, maps, neighbours, regions, state
from imgsim.ui.progress import plain
from imgsim.ui.scatter import MOST_POINTS, Panel, scatter
from imgsim.ui.selection import selected_rows
from imgsim.ui.state import View

MAP = "map"
MOST_LABELS = 60  # a field of more labels is not the default colour
NEIGHBOURS_ON_MAP = 12
PLAIN, DISTORTION, FIELD = "plain", "distortion", "field:"
Rows = npt.NDArray[np.int64]


@st.fragment
def explore() -> None:
    """The map of the view in the URL, with everything that belongs to it."""
    view = state.read()[0]
    result = maps.shown(view.request())
    if result is None:
        st.rerun()
    color = color_of(result.collection, view)
    label = color[len(FIELD) :] if color.startswith(FIELD) else default_field(result.collection)
    rows, complaint = selection_of(result, view)
    _toolbar(result, view, color)
    if complaint:
        st.warning(plain(complaint))
    with st.container(key="explore"):
        left, right = st.columns([7, 3], gap="medium")
        with left:
            _map(result, view, color, rows)
            st.caption(_trust(result), help=_TRUST_HELP)
        with right:
            neighbours.panel(result, view, label)
    regions.panel(result, view, rows, label)


def color_of(collection: Collection, view: View) -> str:
    """`plain`, `distortion` or `field:NAME`; what the view asks for if the collection has it."""
    if view.color in (PLAIN, DISTORTION) or view.color.removeprefix(FIELD) in collection.fields:
        return view.color
    field = default_field(collection)
    return f"{FIELD}{field}" if field else PLAIN


@lru_cache(maxsize=8)  # counting the labels of 100,000 images takes longer than the rest of a click
def default_field(collection: Collection) -> str | None:
    """The first text field of 2 to 60 labels, else the first number; what a map is coloured by at first."""
    for name, values in collection.fields.items():
        if values.dtype.kind != "f" and 2 <= len(np.unique(values)) <= MOST_LABELS:
            return name
    return next((name for name, values in collection.fields.items() if values.dtype.kind == "f"), None)


def selection_of(result: MapResult, view: View) -> tuple[Rows, str]:
    """The selected rows of a view, and a sentence when its selection makes no sense."""
    found = _found(result, view)
    if not view.lasso or result.projection.xy.shape[1] == 3:
        return found, ""
    color = color_of(result.collection, view)
    try:
        return _selected(result, view.lasso, color, found.tobytes()), ""
    except InputError as error:
        return found, str(error)


@lru_cache(maxsize=8)  # of a million points it takes longer than the rest of a click
def _selected(result: MapResult, lasso: str, color: str, found: bytes) -> Rows:
    start = np.frombuffer(found, dtype=np.int64)
    return selected_rows(json.loads(lasso), [result.projection.xy], _codes(result, color), start)


def _found(result: MapResult, view: View) -> Rows:
    """The rows that the search of a view finds."""
    if view.find.startswith("tag:"):
        tagged = regions.tags_of(result).all().get(view.find[len("tag:") :], [])
        rows = sorted(result.collection.rows[id] for id in tagged if id in result.collection.rows)
        return np.array(rows, dtype=np.int64)
    if view.find:
        return maps.find_rows(result.collection_key, result.collection, view.find)
    return np.zeros(0, dtype=np.int64)


def _codes(result: MapResult, color: str) -> npt.NDArray[Any] | None:
    values = result.collection.fields.get(color.removeprefix(FIELD))
    if values is None or values.dtype.kind == "f":
        return None
    return _coded(result.collection_key, color, maps.pipeline().workspace.root)


@lru_cache(maxsize=8)
def _coded(key: str, color: str, root: Any) -> npt.NDArray[Any]:  # noqa: ARG001  keys of two workspaces are two
    return categories(maps.pipeline().load_collection(key).field(color.removeprefix(FIELD)))[1]


def _toolbar(result: MapResult, view: View, color: str) -> None:
    st.session_state["find"], st.session_state["color"] = view.find, color
    st.session_state["landmarks"] = view.landmarks == "1"
    fields = [f"{FIELD}{name}" for name in result.collection.fields]
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar"):
        st.selectbox(
            "Colour by",
            [*fields, DISTORTION, PLAIN],
            key="color",
            width=180,
            format_func=lambda c: {PLAIN: "One colour", DISTORTION: "Distortion of the map"}.get(c, c[len(FIELD) :]),
            on_change=lambda: state.update(color=st.session_state["color"]),
        )
        st.text_input(
            "Search ids and fields",
            key="find",
            width=220,
            placeholder="A word of an id or a field",
            on_change=lambda: state.update(find=st.session_state["find"].strip(), lasso=""),
        )
        st.toggle(
            "Pictures on the map",
            key="landmarks",
            help="Shows about 20 images where the map is most crowded.",
            on_change=lambda: state.update(landmarks="1" if st.session_state["landmarks"] else ""),
        )
        _save(result)


def _save(result: MapResult) -> None:
    with st.popover("Save"):
        st.caption("One file that opens in any browser, without network, with small pictures inside.")
        st.download_button(
            "Map as HTML",
            data=lambda: exports.html(result, maps.pipeline()),
            file_name=exports.file_name(result, ".html"),
            mime="text/html",
            on_click="ignore",
            key="export_html",
        )
        st.caption("PNG and SVG of the map: the two buttons above it. To share the view: copy the address of the page.")


def _map(result: MapResult, view: View, color: str, rows: Rows) -> None:
    focus = result.collection.rows.get(view.image)
    near = [] if focus is None else result.neighbors.indices[focus, :NEIGHBOURS_ON_MAP].tolist()
    lost = maps.lost_on_map(result, focus, NEIGHBOURS_ON_MAP) if focus is not None and color == DISTORTION else []
    scatter(
        [Panel(title_of(result), result.projection.key, badge_of(result))],
        collection_key=result.collection_key,
        key=MAP,
        height=600,
        color=color_spec(result.collection, color),
        focus=focus,
        neighbors=near,
        lost=lost,
        selected_rows=None if _is_own(view) and len(result.collection) <= MOST_POINTS else rows,
        landmarks=view.landmarks == "1",
        graph_key=result.neighbors.key,
        on_click=lambda: _clicked(result),
        on_selection=_lassoed,
    )


def color_spec(collection: Collection, color: str) -> dict[str, Any] | None:
    """How the map component is told a colour."""
    if color == PLAIN:
        return None
    if color == DISTORTION:
        return {"kind": "distortion"}
    name = color[len(FIELD) :]
    return {"kind": "number" if collection.field(name).dtype.kind == "f" else "category", "field": name}


def _is_own(view: View) -> bool:
    """Whether the selection is what the person has just drawn on this very map: then it is on screen already."""
    own = st.session_state.get(MAP)
    strokes = own.get("selection") if own else None
    return bool(view.lasso) and state.pack_strokes(strokes or []) == view.lasso


def _clicked(result: MapResult) -> None:
    click = st.session_state[MAP].get("click")
    if click is not None:
        row = click["row"]
        neighbours.focus_on(result, row if row is not None and 0 <= row < len(result.collection) else None)


def _lassoed() -> None:
    strokes, view = st.session_state[MAP].get("selection") or [], state.read()[0]
    if strokes or view.lasso:
        state.update(**joined(view, strokes))


def joined(view: View, strokes: list[dict[str, Any]]) -> dict[str, str]:
    """What new strokes make of a view's selection: all of it, or more or less of what a link or a search selected."""
    if strokes and strokes[0].get("mode") in ("add", "remove"):
        return {"lasso": state.pack_strokes([*view.strokes(), *strokes]), "find": view.find}
    return {"lasso": state.pack_strokes(strokes), "find": ""}


def title_of(result: MapResult) -> str:
    """`HOG · UMAP`."""
    return f"{METHODS[result.embeddings.method].title} · {PROJECTORS[result.projection.projector].title}"


def badge_of(result: MapResult) -> str:
    """How far the map can be trusted, in a few words."""
    judged = result.faithfulness
    return f"trustworthiness {judged.trustworthiness:.2f} · kNN recall {judged.knn_recall:.2f}"


def short_badge_of(result: MapResult) -> str:
    """The same for a narrow panel."""
    return f"keeps {100 * result.faithfulness.knn_recall:.0f} %"


def about_badge(result: MapResult) -> str:
    """What the short badge says, in full."""
    judged = result.faithfulness
    return f"Of the {judged.k} nearest images of each, the map keeps so many near (kNN recall). {badge_of(result)}"


def _trust(result: MapResult) -> str:
    judged = result.faithfulness
    n = len(result.collection)
    size = f"{n:,} {'image' if n == 1 else 'images'}, {result.embeddings.dim:,} numbers each. "
    if not judged.k:
        return f"{size}So few images lie faithfully on any map."
    if not result.neighbors.exact:
        size += f"The nearest are approximate: {100 * result.neighbors.recall:.1f} % of the true ones, measured. "
    return (
        f"{size}Of the {judged.k} nearest images of each, the map keeps {100 * judged.knn_recall:.0f} % near. "
        "Distances between islands mean nothing."
    )


_TRUST_HELP = (
    "Trustworthiness is 1 when the map puts no strangers side by side, and about 0.5 for a random map. kNN recall is "
    "the share of an image's nearest images that are still its nearest on the map: 1 is perfect, a random map has "
    "about k / N. Colour by distortion to see where the map errs."
)
