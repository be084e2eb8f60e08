"""What a person chooses on the pair page: collection and methods in the sidebar, another picture at each picture."""

from __future__ import annotations

import base64
import html

import numpy as np
import streamlit as st

from imgsim import uploads
from imgsim.pair_scores import PAIR_SCORES
from imgsim.types import Collection
from imgsim.ui import brought, controls, gallery, maps, picker
from imgsim.ui.pair_state import ADDRESS, MOST, PairView, label_of, title_of, update
from imgsim.ui.pictures import webp

KINDS = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
SIDE = 420  # of an uploaded picture on the page
SIDES = ("a", "b")


def sidebar(view: PairView, collection: Collection | None) -> None:
    """Collection, methods and label; each change goes into the URL."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["pair_collection"] = view.collection
    st.selectbox(
        "Collection",
        list(titles),
        key="pair_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: update(collection=st.session_state["pair_collection"]),
        help="Its random pairs say what a similarity means.",
    )
    _methods(view)
    if collection is not None:
        _label(view, collection)


def _methods(view: PairView) -> None:
    known = [method.id for method in controls.ordered_methods()] + [score.id for score in PAIR_SCORES]
    chosen = view.specs()
    st.session_state["pair_methods"] = chosen
    st.multiselect(
        "Methods",
        [*known, *(spec for spec in chosen if spec not in known)],
        key="pair_methods",
        max_selections=MOST,
        format_func=title_of,
        on_change=_set_methods,
    )


def _set_methods() -> None:
    chosen = st.session_state["pair_methods"]
    if chosen:  # the last one stays
        update(methods=";".join(chosen), why=_kept_why(chosen))


def _kept_why(chosen: list[str]) -> str:
    why = ADDRESS.read()[0].why
    return why if why in chosen else chosen[0]


def _label(view: PairView, collection: Collection) -> None:
    fields = [name for name, values in collection.fields.items() if values.dtype.kind != "f"]
    if not fields or not label_of(view, collection):
        return
    st.session_state["pair_label"] = label_of(view, collection)
    st.selectbox(
        "Compare with pairs of the same",
        fields,
        key="pair_label",
        format_func=lambda name: name.replace("_", " "),
        on_change=lambda: update(label=st.session_state["pair_label"]),
    )


def pictures(key: str, collection: Collection, references: tuple[str, str]) -> None:
    """Both pictures with their names, and the ways to choose others."""
    with st.container(key="pair_pictures"):
        columns = st.columns(2, gap="medium")
        for column, side, reference in zip(columns, SIDES, references, strict=True):
            with column:
                st.html(_figure(key, collection, reference))
                with st.popover("Choose another", key=f"pair_choose_{side}"):
                    _choose(key, collection, side)
        with st.container(horizontal=True):
            st.button("Swap", key="pair_swap", on_click=lambda: update(a=references[1], b=references[0]))
            if len(collection) > 1:
                st.button("Two at random", key="pair_random", on_click=lambda: _random(collection))


def _figure(key: str, collection: Collection, reference: str) -> str:
    if uploads.is_upload(reference):
        source = "data:image/webp;base64," + base64.b64encode(webp(uploads.read(reference), SIDE)).decode()
        name = "Uploaded picture"
    else:
        source, name = gallery.image_url(key, collection.row(reference)), reference
    safe = html.escape(name, quote=True)
    return f'<figure class="imgsim-focus"><img src="{source}" alt="{safe}"><figcaption>{safe}</figcaption></figure>'


def _choose(key: str, collection: Collection, side: str) -> None:
    brought = st.file_uploader("Upload one", KINDS, key=f"pair_upload_{side}", on_change=_upload, args=(side,))
    if brought is not None:
        st.caption("It stays on this computer.")
    picker.pick_one(
        "Or find one in the collection",
        key,
        collection,
        key=f"pair_{side}",
        on_pick=lambda id: update(**{side: id}),
    )


def _upload(side: str) -> None:
    brought.keep(f"pair_upload_{side}", lambda reference: update(**{side: reference}))


def _random(collection: Collection) -> None:
    first, second = np.random.default_rng().choice(len(collection), 2, replace=False)
    update(a=collection.ids[first], b=collection.ids[second])
