"""The map: one to six linked scatter plots in the browser, around plotly.js (see `imgsim/plots/map`).

Points, fields and pictures are fetched by the browser from `imgsim.ui.routes`; from here go only keys and row numbers
(a few kilobytes), so that a click, a new focus or another colour never sends the points again.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from imgsim.errors import InputError
from imgsim.ui import assets
from imgsim.ui.told import told

MOST_PANELS = 6
MOST_POINTS = 100_000  # drawn at once; of more a stratified sample, refined when one zooms in
Rows = npt.NDArray[np.int64]

_HTML = '<div class="imgsim-map" role="group" aria-label="Map of images"></div>'
_LOADER = """
const loaded = import(new URL('imgsim/ui/VERSION/scatter.js', document.baseURI).href);
export default function (component) {
  let leave = null, left = false;
  loaded.then((module) => { if (!left) leave = module.default(component); });
  return () => { left = true; if (leave) leave(); };
}
"""


@dataclass(frozen=True)
class Panel:
    """One map of the component.

    Attributes:
        title: what it shows, such as "HOG · UMAP".
        projection_key: key of the `Projection`, 64 hexadecimal digits.
        badge: how far it can be trusted, in a few words.
        about: what hovering the badge shows; the badge itself without it.
    """

    title: str
    projection_key: str
    badge: str = ""
    about: str = ""


@dataclass(frozen=True)
class Event:
    """What the person did.

    Attributes:
        click: {"row": int, "panel": int} in the run after a click on a point, {"row": None, "panel": int} after one on
            empty space, else None.
        selection: the strokes of the current selection, for `imgsim.ui.selection.selected_rows`; [] when there is none.
    """

    click: dict[str, Any] | None
    selection: list[dict[str, Any]]


def scatter(
    panels: Sequence[Panel],
    *,
    collection_key: str,
    key: str,
    height: int = 620,
    color: Mapping[str, Any] | None = None,
    focus: int | None = None,
    neighbors: Sequence[int] = (),
    lost: Sequence[int] = (),
    guests: Sequence[Sequence[tuple[float, float]]] = (),
    selected_rows: Sequence[int] | Rows | None = None,
    landmarks: bool = False,
    most_points: int = MOST_POINTS,
    graph_key: str = "",
    on_click: Callable[[], None] | None = None,
    on_selection: Callable[[], None] | None = None,
) -> Event:
    """Draw maps of one collection, side by side, linked by hover, focus and selection.

    Zoom, legend and selection are kept while only colour, focus, height or theme change.

    Args:
        panels: 1 to 6 maps of the same N images.
        collection_key: store key of the scan; names, fields and thumbnails are fetched by it.
        key: the component's key in session state. In the callbacks `st.session_state[key].click` and `.selection`
            hold the same values as the event.
        height: of one map in pixels.
        color: {"kind": "category", "field": name}, {"kind": "number", "field": name}, {"kind": "distortion"} or None
            for one colour. Other keys, such as "labels", are allowed and not needed. A "title" replaces the field name
            above the legend.
        focus: row in focus: a strong ring on every panel.
        neighbors: rows of its neighbours, nearest first: rings, and lines from the focus.
        lost: rows of neighbours that the map has torn away: dashed lines from the focus.
        guests: for each panel the way of a point that is no image of the collection, in the units of its map; a
            diamond stands at the end. Two dimensions only.
        selected_rows: the rows to show as selected, when the selection comes from elsewhere (a link, a search); None
            leaves the person's own on screen, [] empties it. Of a sampled map tell them always: the browser does not
            know the points it does not draw.
        landmarks: show thumbnails of the most crowded places.
        most_points: drawn at once on each map; the page says so when there are more.
        graph_key: key of the `Neighbors` whose pictures a click will show; the browser fetches those of a point while
            the pointer rests on it.
        on_click: called before the run after a click.
        on_selection: called before the run after a selection was changed.

    Raises:
        InputError: there are no panels, or more than six.
    """
    if not 1 <= len(panels) <= MOST_PANELS:
        raise InputError(f"a map must have 1 to {MOST_PANELS} panels, got {len(panels)}; choose fewer methods.")
    state = _component()(
        key=key,
        data=told(
            panels=[asdict(panel) for panel in panels],
            collection=collection_key,
            height=int(height),
            color={k: color[k] for k in ("kind", "field", "title") if k in color} if color else None,
            focus=focus,
            neighbors=[int(row) for row in neighbors],
            lost=[int(row) for row in lost],
            guests=[[[float(x), float(y)] for x, y in path] for path in guests],
            selected=None if selected_rows is None else _bits(selected_rows),
            landmarks=bool(landmarks),
            cap=int(most_points),
            graph=graph_key,
        ),
        on_click_change=on_click or _nothing,
        on_selection_change=on_selection or _nothing,
    )
    return Event(click=state.get("click"), selection=state.get("selection") or [])


def _component() -> Callable[..., Any]:
    """Registered anew when a file has changed, else the one that stands."""
    script = _LOADER.replace("VERSION", assets.version())
    component = _registered.get(script)
    if component is None:
        component = st.components.v2.component(
            "imgsim_map", html=_HTML, css=assets.content("map/map.css"), js=script, isolate_styles=False
        )
        _registered[script] = component
    return component


_registered: dict[str, Callable[..., Any]] = {}


def _bits(rows: Sequence[int] | Rows) -> str:
    """Rows as the ones of a bit field, base64: 17 kB for 100,000 images."""
    numbers = np.asarray(rows, dtype=np.int64)
    mask = np.zeros(int(numbers.max()) + 1 if len(numbers) else 0, dtype=bool)
    mask[numbers] = True
    return base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode()


def _nothing() -> None:
    """Streamlit keeps a trigger or state only where a callback is given."""
