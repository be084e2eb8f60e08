"""The sidebar of the compare page: the collection and the maps to compare."""

from __future__ import annotations

import streamlit as st

from imgsim.methods import METHODS
from imgsim.parameters import parse_spec
from imgsim.projections import PROJECTORS
from imgsim.ui import controls, maps
from imgsim.ui.compare_state import FEWEST, MOST, CompareView, join, update


def sidebar(view: CompareView) -> None:
    """Choose the collection and 2 to 6 maps; each change goes into the URL."""
    _collection(view)
    specs = view.specs()
    st.caption("Maps side by side: a method and how its space is drawn.")
    for number in range(len(specs)):
        _panel(specs, number)
    st.button("Add a map", disabled=len(specs) >= MOST, on_click=lambda: _set([*specs, _another(specs)]))


def _collection(view: CompareView) -> None:
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["compare_collection"] = view.collection
    st.selectbox(
        "Collection",
        options=list(titles),
        key="compare_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: update(collection=st.session_state["compare_collection"]),
    )


def _panel(specs: list[tuple[str, str]], number: int) -> None:
    method, by = specs[number]
    keys = f"compare_method_{number}", f"compare_by_{number}"
    st.session_state[keys[0]], st.session_state[keys[1]] = method, by

    def changed() -> None:
        _set([*specs[:number], (st.session_state[keys[0]], st.session_state[keys[1]]), *specs[number + 1 :]])

    options = [m.id for m in controls.ordered_methods()]
    st.selectbox(
        f"Method {number + 1}",
        options if method in options else [method, *options],
        key=keys[0],
        format_func=_method_title,
        on_change=changed,
    )
    projectors = [p.id for p in PROJECTORS]
    left, right = st.columns([3, 2], gap="small", vertical_alignment="center")
    left.selectbox(
        f"Map {number + 1}",
        projectors if by in projectors else [by, *projectors],
        key=keys[1],
        format_func=lambda spec: PROJECTORS[parse_spec(spec)[0]].title,
        label_visibility="collapsed",
        on_change=changed,
    )
    right.button(
        "Remove",
        key=f"compare_remove_{number}",
        type="tertiary",
        disabled=len(specs) <= FEWEST,
        on_click=lambda: _set([*specs[:number], *specs[number + 1 :]]),
    )


def _method_title(spec: str) -> str:
    id, given = parse_spec(spec)
    return METHODS[id].title + (f" · {len(given)} changed" if given else "")


def _another(specs: list[tuple[str, str]]) -> tuple[str, str]:
    """A method that is not shown yet and runs here."""
    shown = {parse_spec(method)[0] for method, _ in specs}
    ready = (m.id for m in controls.ordered_methods() if m.id not in shown and m.family != "networks")
    return next(ready, specs[-1][0]), specs[-1][1]


def _set(specs: list[tuple[str, str]]) -> None:
    update(panels=join(specs))
