"""The sidebar of the products page: the catalogue, what counts, which items may be shown."""

from __future__ import annotations

import streamlit as st

from imgsim.methods import METHODS
from imgsim.recommendation import DEFAULTS
from imgsim.types import Collection
from imgsim.ui import controls, maps
from imgsim.ui.products_state import (
    HOW_MANY,
    MOST_METHODS,
    MOST_WEIGHT,
    ProductsView,
    categories,
    category_of,
    update,
)

SCOPE_TITLES = {"any": "Any", "same": "The same", "other": "Others"}


def sidebar(view: ProductsView, collection: Collection | None) -> None:
    """Each change goes into the URL; what needs the collection appears with it."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["products_collection"] = view.collection
    st.selectbox(
        "Collection",
        list(titles),
        key="products_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: update(collection=st.session_state["products_collection"]),
    )
    _methods(view)
    _weights(view)
    if collection is not None and categories(collection):
        _category(view, collection)
    _list(view)


def title_of(spec: str) -> str:
    """`Colour (Colour histogram)`: what the method stands for, and its name."""
    title = METHODS[METHODS.parse(spec).id].title
    known = DEFAULTS.get(spec)
    return f"{known}: {title}" if known else title


def _methods(view: ProductsView) -> None:
    known = [method.id for method in controls.ordered_methods()]
    specs = view.specs()
    st.session_state["products_methods"] = specs
    st.multiselect(
        "What counts",
        [*known, *(spec for spec in specs if spec not in known)],
        key="products_methods",
        max_selections=MOST_METHODS,
        format_func=title_of,
        on_change=_set_methods,
        args=(view,),
    )


def _set_methods(view: ProductsView) -> None:
    chosen = st.session_state["products_methods"]
    if chosen:  # the last one stays
        old = dict(zip(view.specs(), view.counts(), strict=True))
        counts = [old.get(spec, 5) for spec in chosen]
        update(methods=";".join(chosen), weights=";".join(map(str, counts if any(counts) else [5] * len(counts))))


def _weights(view: ProductsView) -> None:
    for number, (spec, weight) in enumerate(zip(view.specs(), view.counts(), strict=True)):
        key = f"products_weight_{number}"
        st.session_state[key] = weight
        st.slider(
            f"Weight of {title_of(spec)}", 0, MOST_WEIGHT, key=key, on_change=_set_weight, args=(view, number, key)
        )


def _set_weight(view: ProductsView, number: int, key: str) -> None:
    counts = list(view.counts())
    counts[number] = st.session_state[key]
    if any(counts):
        update(weights=";".join(map(str, counts)))
    else:
        st.session_state["notice"] = "one weight must be above 0; the last one stays as it was."


def _category(view: ProductsView, collection: Collection) -> None:
    st.session_state.update(products_category=category_of(view, collection), products_scope=view.scope)
    st.segmented_control(
        "Category of what is shown",
        list(SCOPE_TITLES),
        key="products_scope",
        required=True,
        format_func=lambda scope: SCOPE_TITLES[scope],
        on_change=lambda: update(scope=st.session_state["products_scope"] or view.scope),
        help="The same: alternatives. Others: what goes with it.",
    )
    st.selectbox(
        "Field of the category",
        categories(collection),
        key="products_category",
        on_change=lambda: update(category=st.session_state["products_category"]),
    )


def _list(view: ProductsView) -> None:
    st.session_state.update(products_diversity=view.diversity, products_k=view.k)
    st.slider(
        "Diversity",
        0,
        100,
        key="products_diversity",
        format="%d %%",
        on_change=lambda: update(diversity=st.session_state["products_diversity"]),
        help="0 %: the nearest first. More: each next item must also be unlike those before it (MMR). "
        "At 100 % only that counts after the first.",
    )
    st.slider("Items", *HOW_MANY, key="products_k", on_change=lambda: update(k=st.session_state["products_k"]))
