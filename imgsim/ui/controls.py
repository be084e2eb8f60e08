"""The sidebar of a map page, in the order of the pipeline: collection, method, map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from imgsim.methods import METHODS, ordered
from imgsim.parameters import split_worn
from imgsim.projections import PROJECTORS
from imgsim.ui import forms, maps, state, wear
from imgsim.ui.state import View


def pipeline_controls(view: View) -> None:
    """Choose what is mapped and how; each change goes into the URL."""
    _collection(view)
    bare, worn = split_worn(view.method)
    forms.choose(METHODS, bare, key="method", label="Method", order=ordered_methods(), change=_method(worn))
    wear.choose(view.method, _set("method"))
    method = METHODS.parse(view.method)
    st.caption(f"Sees: {method.sees}")
    st.caption(f"Blind to: {method.blind_to}")
    if said := method.runs_on():
        st.caption(said)
    forms.choose(PROJECTORS, view.map, key="map_by", label="Map", order=PROJECTORS, change=_set("map"))
    _map_options(view)


def ordered_methods() -> list[type[Any]]:
    """All methods, the simple families first."""
    return ordered(METHODS)


def _set(name: str) -> Callable[[str], None]:
    return lambda value: state.update(**{name: value})


def _method(worn: str) -> Callable[[str], None]:
    return lambda bare: state.update(method=wear.keep(bare, worn))


def _collection(view: View) -> None:
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["collection"] = view.collection
    st.selectbox(
        "Collection",
        options=list(titles),
        key="collection",
        format_func=lambda source: titles[source],
        on_change=lambda: state.update(collection=st.session_state["collection"]),
    )


def _map_options(view: View) -> None:
    st.session_state["dims"], st.session_state["seed"] = view.dims, view.seed
    left, right = st.columns(2, vertical_alignment="bottom")
    left.segmented_control(
        "Dimensions",
        [2, 3],
        key="dims",
        required=True,
        format_func=lambda n: f"{n}D",
        on_change=lambda: state.update(dims=st.session_state["dims"] or view.dims),
        help="A map of three dimensions keeps more of the space, but has to be turned to be seen.",
    )
    right.number_input(
        "Seed",
        min_value=0,
        max_value=2**31 - 1,
        step=1,
        key="seed",
        on_change=lambda: state.update(seed=st.session_state["seed"]),
        help="Another seed gives another layout of the same space; what changes with it is not in the data.",
    )
