"""The sidebar of the search page: collection, methods, fusion, filters, weights, map."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from imgsim.neighbors.fusion import FUSIONS
from imgsim.projections import PROJECTORS
from imgsim.queries.where import RANGE, split
from imgsim.types import Collection
from imgsim.ui import controls, forms, maps
from imgsim.ui.forms import words
from imgsim.ui.pair_state import title_of
from imgsim.ui.search import Opened
from imgsim.ui.search_state import ADDRESS, MOST_METHODS, SearchView, filter_by, update

MOST_FIELDS = 12
MOST_VALUES = 200  # of a text field that can be filtered
HOW = {"rrf": "Reciprocal ranks", "mean_rank": "Mean rank", "comb_sum": "Mean percentile"}


def sidebar(view: SearchView, opened: Opened | None) -> None:
    """Each change goes into the URL."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["search_collection"] = view.collection
    st.selectbox(
        "Collection",
        list(titles),
        key="search_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: update(collection=st.session_state["search_collection"]),
    )
    _methods(view)
    if opened is not None:
        _filters(view, opened)
    if view.votes():
        _weights(view)
    forms.choose(
        PROJECTORS, view.map, key="search_map_by", label="Map", order=PROJECTORS, change=lambda spec: update(map=spec)
    )


def _methods(view: SearchView) -> None:
    known = [method.id for method in controls.ordered_methods()]
    chosen = view.specs()
    st.session_state["search_methods"] = chosen
    st.multiselect(
        "Methods",
        [*known, *(spec for spec in chosen if spec not in known)],
        key="search_methods",
        max_selections=MOST_METHODS,
        format_func=title_of,
        on_change=_set_methods,
        help="Several are fused into one ranking. The map is that of the first.",
    )
    if len(chosen) > 1:
        st.session_state["search_fuse"] = view.fuse
        st.selectbox(
            "Fused by",
            FUSIONS,
            key="search_fuse",
            format_func=HOW.__getitem__,
            on_change=lambda: update(fuse=st.session_state["search_fuse"]),
            help="Similarities of different methods cannot be added; ranks and percentiles can.",
        )


def _set_methods() -> None:
    if st.session_state["search_methods"]:  # the last one stays
        update(methods=";".join(st.session_state["search_methods"]))


def _weights(view: SearchView) -> None:
    counts = view.counts()
    with st.expander("What likes and dislikes count"):
        for name, value in (("query", counts.query), ("likes", counts.likes), ("dislikes", counts.dislikes)):
            st.session_state[f"search_weight_{name}"] = value
            st.slider(words(name), 0.0, max(2.0, value), step=0.05, key=f"search_weight_{name}", on_change=_set_weights)
        st.caption("Rocchio: query + mean of the likes − mean of the dislikes, each times its weight.")


def _set_weights() -> None:
    values = [st.session_state[f"search_weight_{name}"] for name in ("query", "likes", "dislikes")]
    update(weights=",".join(f"{value:g}" for value in values))


def _filters(view: SearchView, opened: Opened) -> None:
    fields = list(fields_of(opened.collection).items())[:MOST_FIELDS]
    if not fields:
        return
    chosen: dict[str, list[str]] = {}
    for condition in view.conditions():
        name, value = split(condition)
        chosen.setdefault(name, []).append(value)
    with st.expander(f"Filters · {len(chosen)} set" if chosen else "Filters"):
        for name, known in fields:
            key = f"search_where_{name}"
            if isinstance(known, tuple):
                _range(name, known, chosen.get(name, []), key)
            else:
                st.session_state[key] = [value for value in chosen.get(name, []) if value in known]
                st.multiselect(words(name), known, key=key, placeholder="Any", on_change=_set_values, args=(name,))
        if chosen:
            st.button("Take all back", key="search_where_none", type="tertiary", on_click=lambda: filter_by([]))


@lru_cache(maxsize=8)
def fields_of(collection: Collection) -> dict[str, list[str] | tuple[float, float]]:
    """What can be filtered: the values of a text field, the ends of a number field."""
    found: dict[str, list[str] | tuple[float, float]] = {}
    for name, values in collection.fields.items():
        if values.dtype.kind == "f":
            low, high = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
            if low < high:
                found[name] = (float(low), float(high))
        elif 2 <= len(known := np.unique(values)) <= MOST_VALUES:
            found[name] = [str(value) for value in known]
    return found


def _range(name: str, ends: tuple[float, float], chosen: list[str], key: str) -> None:
    low, dots, high = (chosen[0] if chosen else RANGE).partition(RANGE)
    try:
        now = (float(low) if low else ends[0], float(high if dots else low) if high or not dots else ends[1])
    except ValueError:
        now = ends
    first, last = (min(max(value, ends[0]), ends[1]) for value in now)
    st.session_state[key] = (min(first, last), max(first, last))
    st.slider(words(name), *ends, key=key, format="%.4g", on_change=_set_range, args=(name, ends))


def _set_values(name: str) -> None:
    _put(name, list(st.session_state[f"search_where_{name}"]))


def _set_range(name: str, ends: tuple[float, float]) -> None:
    low, high = st.session_state[f"search_where_{name}"]
    least, most = "" if low <= ends[0] else f"{low:.6g}", "" if high >= ends[1] else f"{high:.6g}"
    _put(name, [f"{least}{RANGE}{most}"] if least or most else [])


def _put(name: str, values: list[str]) -> None:
    """The conditions on one field anew, the others as they are."""
    others = [condition for condition in ADDRESS.read()[0].conditions() if split(condition)[0] != name]
    filter_by([*others, *(f"{name}={value}" for value in values)])
