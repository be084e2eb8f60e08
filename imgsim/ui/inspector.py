"""The page What a method sees: one picture on its way through a method, each step with its pictures and formula."""

from __future__ import annotations

import base64

import numpy as np
import streamlit as st

from imgsim import uploads
from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.plots.teaching import bars_figure, vector_figure
from imgsim.steps import Step
from imgsim.tasks import steps as task
from imgsim.types import Collection
from imgsim.ui import brought, controls, forms, gallery, maps, picker, progress
from imgsim.ui.charts import chart
from imgsim.ui.inspector_state import InspectorView, update
from imgsim.ui.picture_rows import Item, Row, picture_rows
from imgsim.ui.pictures import webp
from imgsim.ui.progress import plain, sentence

KINDS = ("png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif")
SIDE = 96  # pixels of a step in the strip


def sidebar(view: InspectorView) -> None:
    """Collection and method with its parameters."""
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.collection, view.collection)
    st.session_state["inspect_collection"] = view.collection
    st.selectbox(
        "Collection",
        list(titles),
        key="inspect_collection",
        format_func=lambda source: titles[source],
        on_change=lambda: update(collection=st.session_state["inspect_collection"]),
    )
    forms.choose(
        METHODS,
        view.method,
        key="inspect_method",
        label="Method",
        order=controls.ordered_methods(),
        change=lambda spec: update(method=spec),
    )
    method = METHODS[METHODS.parse(view.method).id]
    st.caption(f"Sees: {method.sees}")
    st.caption(f"Blind to: {method.blind_to}")


def walk(view: InspectorView) -> None:
    """The steps of the picture of the view; until they are there, what stands in the way is on the page."""
    try:
        collection = _opened(view)
        if collection is None:
            return
        if not len(collection):
            st.info("This collection has no picture that can be read. Choose another one on the left.")
            return
        image = _image(view, collection)
        _choose(view, collection, image)
        found = _steps(view, collection, image)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return
    if found:
        _show(view, found)


def _opened(view: InspectorView) -> Collection | None:
    key = maps.pipeline().collection_key(view.collection)
    if key is None:
        progress.have_done("open", {"source": view.collection}, "Pictures of the collection")
        return None
    return maps.pipeline().load_collection(key)


def _image(view: InspectorView, collection: Collection) -> str:
    if view.image in collection.rows or uploads.is_kept(view.image):
        return view.image
    if view.image:
        st.info(f"There is no picture {plain(view.image[:60])} here any more; the first one takes its place.")
    return collection.ids[0]


def _choose(view: InspectorView, collection: Collection, image: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        name = "an uploaded picture" if uploads.is_upload(image) else image
        title = METHODS[METHODS.parse(view.method).id].title
        st.markdown(f"**{plain(name)}** through **{plain(title)}**", width="content")
        key = maps.pipeline().collection_key(view.collection)
        with st.popover("Choose another picture"):
            brought = st.file_uploader("Upload one", KINDS, key="inspect_upload", on_change=_upload)
            if brought is not None:
                st.caption("It stays on this computer.")
            if key is not None:
                picker.pick_one(
                    "Or find one in the collection", key, collection, key="inspect", on_pick=lambda id: update(image=id)
                )


def _upload() -> None:
    brought.keep("inspect_upload", lambda reference: update(image=reference))


def _steps(view: InspectorView, collection: Collection, image: str) -> tuple[Step, ...] | None:
    found = task.find(maps.pipeline(), collection, image, view.method)
    if found is not None:
        return found
    method = METHODS.parse(view.method)
    reason = method.unavailable()
    if reason or method.download:
        st.warning(plain(sentence(reason or f"{method.id} needs its weights; fetch them on the Explore page.")))
        return None
    arguments = {"source": view.collection, "image": image, "method": view.method}
    progress.have_done("steps", arguments, f"{method.title}, step by step")
    return None


def _show(view: InspectorView, found: tuple[Step, ...]) -> None:
    at = min(int(view.step), len(found))
    _strip(found, at)
    with st.container(horizontal=True, vertical_alignment="center", key="turns"):
        st.button("Back", key="turn_back", disabled=at == 1, on_click=lambda: update(step=str(at - 1)))
        st.button(
            "Next step",
            key="turn_next",
            type="primary",
            disabled=at == len(found),
            on_click=lambda: update(step=str(at + 1)),
        )
        st.caption(f"Step {at} of {len(found)}")
    _step(found[at - 1])


def _strip(found: tuple[Step, ...], at: int) -> None:
    """All steps as small pictures; a click goes there."""
    items = tuple(
        Item(n, step.title, _src(step), tag=str(n), mark="hit" if n == at else "", about=f"{n}. {step.title}")
        for n, step in enumerate(found, 1)
    )
    picture_rows([Row("The way", "click a step", items)], key="inspect_strip", size=SIDE, on_pick=_go)


def _go() -> None:
    picked = gallery.picked("inspect_strip")
    if picked is not None:
        update(step=str(picked))


def _src(step: Step) -> str:
    return "data:image/webp;base64," + base64.b64encode(webp(step.pictures[0].pixels, SIDE)).decode()


def _step(step: Step) -> None:
    with st.container(key="walk"):
        text, live = st.columns([2, 3], gap="large")
    with text:
        st.subheader(step.title, anchor=False)
        st.markdown(step.says)
        if step.formula:
            st.latex(step.formula)
    with live:
        width = 3 if len(step.pictures) > 2 else 2
        for start in range(0, len(step.pictures), width):
            for column, drawn in zip(st.columns(width), step.pictures[start : start + width], strict=False):
                column.image(drawn.pixels, caption=drawn.caption, alt=drawn.caption, width="stretch")
        if step.chart is not None:
            values = dict(zip(step.chart.names, step.chart.values, strict=True))
            chart(bars_figure(step.chart.title, values, step.chart.unit, share=False), key="inspect_chart")
        if step.vector is not None:
            chart(vector_figure(np.asarray(step.vector)), key="inspect_vector")
