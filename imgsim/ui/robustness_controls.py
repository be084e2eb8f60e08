"""The sidebar of the robustness page: the collection, the methods and how their maps are drawn."""

from __future__ import annotations

import streamlit as st

from imgsim.methods import METHODS
from imgsim.projections import PROJECTORS
from imgsim.ui import controls, maps
from imgsim.ui.robustness_state import MOST, RobustView, update


def sidebar(view: RobustView) -> None:
    """Choose the collection, 1 to 6 methods and the map; each change goes into the URL."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["robustness_collection"] = view.collection
    st.selectbox(
        "Collection",
        list(titles),
        key="robustness_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: update(collection=st.session_state["robustness_collection"]),
    )
    specs = view.specs()
    known = [method.id for method in controls.ordered_methods()]
    st.session_state["robustness_methods"] = specs
    st.multiselect(
        "Methods",
        [*known, *(spec for spec in specs if spec not in known)],
        key="robustness_methods",
        max_selections=MOST,
        format_func=_title,
        on_change=_methods,
    )
    projectors = [projector.id for projector in PROJECTORS]
    st.session_state["robustness_by"] = view.by
    st.selectbox(
        "Map",
        projectors if view.by in projectors else [view.by, *projectors],
        key="robustness_by",
        format_func=lambda spec: PROJECTORS[PROJECTORS.parse(spec).id].title,
        on_change=lambda: update(by=st.session_state["robustness_by"]),
    )


def _methods() -> None:
    chosen = st.session_state["robustness_methods"]
    if chosen:  # the last one stays
        update(methods=";".join(chosen))


def _title(spec: str) -> str:
    title = METHODS[METHODS.parse(spec).id].title
    return title + (f" ({spec.partition(':')[2]})" if ":" in spec else "")
