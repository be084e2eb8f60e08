"""What is searched with: a picture with a region, or words; and what was liked and disliked."""

from __future__ import annotations

import base64

import streamlit as st

from imgsim import queries, uploads
from imgsim.errors import ImgsimError
from imgsim.methods import METHODS
from imgsim.ui import brought, gallery, pair_controls, picker, search_state
from imgsim.ui import query_picture as own
from imgsim.ui.pictures import webp
from imgsim.ui.progress import plain
from imgsim.ui.search import Opened
from imgsim.ui.search_state import DISLIKE, LIKE, SearchView, update

KEY = "search_picture"
PICTURE, WORDS, CAMERA = "Picture", "Words", "Camera"
MEGABYTES = 100  # of an uploaded file
SIDE = 640  # of an uploaded picture on the page


def panel(view: SearchView, opened: Opened) -> None:
    """The query and the ways to change it."""
    by = _by(view)
    if by == WORDS:
        _words(view)
    elif by == CAMERA:
        st.camera_input("Camera", key="search_camera", label_visibility="collapsed", on_change=_photographed)
        st.caption("Take a picture to search with. It stays on this computer.")
    else:
        _picture(view, opened)
    _votes(view, opened)


def _by(view: SearchView) -> str:
    if view.text:
        st.session_state["search_by"] = WORDS
    elif view.image and st.session_state.get("search_last_image") != view.image:
        st.session_state["search_by"] = PICTURE
    st.session_state["search_last_image"] = view.image
    st.session_state.setdefault("search_by", PICTURE)
    chosen = st.segmented_control(
        "Search with", [PICTURE, CAMERA, WORDS], key="search_by", required=True, on_change=_turn
    )
    return str(chosen)


def _turn() -> None:
    if st.session_state["search_by"] != WORDS:
        update(text="")


def _words(view: SearchView) -> None:
    st.session_state["search_text"] = view.text
    st.text_input(
        "Words",
        key="search_text",
        max_chars=search_state.MOST_WORDS,
        placeholder="a dog on grass",
        label_visibility="collapsed",
        on_change=_set_words,
    )
    readers = [cls for cls in METHODS if cls.reads_text]
    if not all(METHODS.parse(spec).reads_text for spec in view.specs()):
        st.caption("Words need a method that reads them.")
        for cls in readers:
            st.button(f"Use {cls.title}", key=f"search_read_{cls.id}", on_click=lambda id=cls.id: update(methods=id))
    else:
        st.caption("Say in a few words what the picture shows, and press Enter.")


def _set_words() -> None:
    update(text=st.session_state["search_text"].strip())


def _picture(view: SearchView, opened: Opened) -> None:
    source, name = _source(view, opened)
    region = queries.parse_region(view.region) if view.region and source else None
    own.query_picture(source, name, region, key=KEY, on_region=_drawn, on_brought=_brought)
    if source:
        st.caption(f"{plain(name)}. Drag on it to search with a part of it.")
    if region is not None:
        st.button("Whole picture", key="search_whole", on_click=lambda: update(region=""))
    file = st.file_uploader(
        "Upload a picture",
        pair_controls.KINDS,
        key="search_upload",
        max_upload_size=MEGABYTES,
        on_change=_uploaded,
    )
    if file is not None:
        st.caption("It stays on this computer.")
    with st.container(horizontal=True):
        with st.popover("From the collection"):
            picker.pick_one("Find one", opened.key, opened.collection, key="search_pick", on_pick=_pick)
        if view.image:
            st.button("Clear", key="search_clear", type="tertiary", on_click=lambda: update(image=""))


def _source(view: SearchView, opened: Opened) -> tuple[str, str]:
    """The address of the query picture and its name; "" where there is none any more."""
    if uploads.is_kept(view.image):
        pixels = webp(uploads.read(view.image), SIDE)
        return "data:image/webp;base64," + base64.b64encode(pixels).decode(), "Your picture"
    if view.image in opened.collection.rows:
        return gallery.image_url(opened.key, opened.collection.row(view.image)), view.image
    return "", ""


def _pick(id: str) -> None:
    update(image=id)


def _drawn() -> None:
    try:
        if own.said_region(KEY):
            update(region=own.region_of(KEY))
    except ImgsimError as error:
        st.session_state["notice"] = str(error)


def _brought() -> None:
    try:
        update(image=own.brought(KEY))
    except ImgsimError as error:
        st.session_state["notice"] = brought.refused(own.name_of(KEY), error)


def _uploaded() -> None:
    _keep("search_upload")


def _photographed() -> None:
    _keep("search_camera")
    st.session_state["search_by"] = PICTURE


def _keep(widget: str) -> None:
    brought.keep(widget, lambda reference: update(image=reference))


def _votes(view: SearchView, opened: Opened) -> None:
    votes = {id: kind for id, kind in view.votes().items() if id in opened.collection.rows}
    for kind, title in ((LIKE, "More like"), (DISLIKE, "Less like")):
        rows = [opened.collection.rows[id] for id, one in votes.items() if one == kind]
        if rows:
            st.markdown(f"**{title}**")
            _judged(opened, rows, kind)
    if votes:
        st.button("Forget likes and dislikes", type="tertiary", on_click=lambda: update(likes="", dislikes=""))


def _judged(opened: Opened, rows: list[int], kind: str) -> None:
    """The liked or the disliked; a click takes one back."""
    key, ids = f"search_{kind}s", opened.collection.ids

    def take_back() -> None:
        row = gallery.picked(key)
        if row is not None:
            search_state.vote(ids[row], kind)

    gallery.gallery(
        [gallery.Picture(row, ids[row], gallery.thumbnail_url(opened.key, row)) for row in rows],
        key=key,
        size=64,
        verb="Take back",
        on_pick=take_back,
    )
