"""The sidebar of the few-labels page: the collection, the space, the classifier, the truth."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from imgsim.labelling import CLASSIFIERS
from imgsim.methods import METHODS
from imgsim.parameters import parse_spec
from imgsim.types import Collection
from imgsim.ui import controls, forms, maps, products_state
from imgsim.ui.few_labels_state import FewLabelsView, update

NO_TRUTH = "-"
ORDER = ("nearest_mean", "logistic", "propagation")


def sidebar(view: FewLabelsView, collection: Collection | None) -> None:
    """Each change goes into the URL; what needs the collection appears with it."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["few_collection"] = view.collection
    st.selectbox(
        "Collection",
        list(titles),
        key="few_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: update(collection=st.session_state["few_collection"]),
    )
    methods = controls.ordered_methods()
    forms.choose(METHODS, view.method, key="few_method", label="Method", order=methods, change=_set("method"))
    order = sorted(CLASSIFIERS, key=lambda cls: ORDER.index(cls.id) if cls.id in ORDER else len(ORDER))
    forms.choose(
        CLASSIFIERS, view.classifier, key="few_classifier", label="Classifier", order=order, change=_set("classifier")
    )
    st.caption(CLASSIFIERS[parse_spec(view.classifier)[0]].how)
    if collection is not None:
        _truth(view, collection)


def truth_of(view: FewLabelsView, collection: Collection) -> str:
    """The field with the true labels, "" for none."""
    known = products_state.categories(collection)
    if view.truth == NO_TRUTH:
        return ""
    return view.truth if view.truth in known else next(iter(known), "")


def _truth(view: FewLabelsView, collection: Collection) -> None:
    known = products_state.categories(collection)
    if not known:
        return
    st.session_state["few_truth"] = truth_of(view, collection) or NO_TRUTH
    st.selectbox(
        "True labels, to say the accuracy",
        [*known, NO_TRUTH],
        key="few_truth",
        format_func=lambda name: "Not known" if name == NO_TRUTH else name,
        on_change=lambda: update(truth=st.session_state["few_truth"]),
        help="Only measured with, never learnt from. Name your classes as this field does.",
    )


def _set(name: str) -> Callable[[str], None]:
    return lambda value: update(**{name: value})
