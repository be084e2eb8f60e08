"""The sidebar of the anomalies page: the pictures, which are normal, what learns, and how many false alarms."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from imgsim.anomalies import DETECTORS
from imgsim.methods import METHODS
from imgsim.types import Collection
from imgsim.ui import controls, forms, maps
from imgsim.ui.anomalies_state import ALARMS, NOBODY, AnomaliesView, methods_for, update, values_of


def sidebar(view: AnomaliesView, collection: Collection | None, test: Collection | None) -> None:
    """Each change goes into the URL; what needs the collections appears with them."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    for source in filter(None, (view.collection, view.test)):
        titles.setdefault(source, source)
    _select("Collection", "collection", list(titles), view.collection, titles)
    if collection is not None:
        _normal(view, collection, test, titles)
    detector = DETECTORS[DETECTORS.parse(view.detector).id]
    forms.choose(
        DETECTORS,
        view.detector,
        key="anomalies_detector",
        label="Detector",
        order=sorted(DETECTORS, key=lambda one: one.needs),
        change=lambda spec: update(detector=spec),
    )
    st.caption(f"Finds: {detector.sees}")
    able = methods_for(detector)
    forms.choose(
        METHODS,
        view.method,
        key="anomalies_method",
        label="Method",
        order=[method for method in controls.ordered_methods() if method in able],
        change=lambda spec: update(method=spec),
    )
    st.session_state["anomalies_alarms"] = view.alarms
    st.slider(
        "False alarms, at most",
        *ALARMS,
        key="anomalies_alarms",
        format="%d %%",
        on_change=lambda: update(alarms=st.session_state["anomalies_alarms"]),
        help="Share of normal pictures that may lie above the threshold.",
    )


def _normal(view: AnomaliesView, collection: Collection, test: Collection | None, titles: dict[str, str]) -> None:
    values = values_of(collection)
    nobody = {NOBODY: "All of them" if view.test else "Nothing says so"}
    _select("Normal pictures", "normal", [NOBODY, *values], view.where(collection) or NOBODY, nobody)
    own = {"": "The rest of the collection", **{s: t for s, t in titles.items() if s != view.collection}}
    _select("Pictures to judge", "test", list(own), view.test, own)
    if test is not None:
        chosen = view.request(collection, test)
        label = f"{chosen.label}={chosen.label_normal}" if chosen.label else NOBODY
        _select("Normal among them", "label", [NOBODY, *values_of(test)], label, {NOBODY: "Nothing says so"})
    with st.expander("Who takes part, who belongs together"):
        _select("Only", "only", [NOBODY, *values], view.part() or NOBODY, {NOBODY: "All pictures"})
        fields = [NOBODY, *collection.fields]
        _select("Never split", "group", fields, view.together(collection) or NOBODY, {NOBODY: "Equal pictures alone"})
        st.caption("Pictures of one patient, tile or place are never both learnt from and judged.")


def _select(label: str, name: str, options: Sequence[str], value: str, titles: dict[str, str]) -> None:
    key = f"anomalies_{name}"
    st.session_state[key] = value
    st.selectbox(
        label,
        list(dict.fromkeys([*options, value])),
        key=key,
        format_func=lambda one: titles.get(one, one.replace("=", " = ")),
        on_change=lambda: update(**{name: st.session_state[key]}),
    )
