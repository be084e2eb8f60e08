"""What can be done with a collection of one's own: add to it, give it another name, remove it."""

from __future__ import annotations

import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.pipeline import CollectionCard
from imgsim.ui import maps
from imgsim.ui.progress import plain, sentence


def buttons(card: CollectionCard) -> None:
    """One button a thing to do; each opens a dialog."""
    for title, dialog in (("Add", _add), ("Rename", _rename), ("Remove", _remove)):
        if st.button(title, key=f"{title}_{card.source}", type="tertiary"):
            dialog(card)


def slug_of(card: CollectionCard) -> str:
    """The name of the collection within the library."""
    return card.source.partition(":")[2]


@st.dialog("Add pictures")
def _add(card: CollectionCard) -> None:
    st.markdown(f"More pictures for **{plain(card.title)}**.")
    source = st.text_input("Folder, zip or table on this computer", key="more_source")
    files = st.file_uploader("or drop pictures or a zip here", accept_multiple_files=True, key="more_files")
    if st.button("Add", type="primary", disabled=not (source.strip() or files), key="more_add"):
        uploads = [(file.name, file.getvalue()) for file in files or []]
        try:
            maps.pipeline().library.extend(slug_of(card), [source.strip()] if source.strip() else [], uploads)
        except ImgsimError as error:
            st.error(plain(sentence(str(error))))
        else:
            st.rerun()


@st.dialog("Rename")
def _rename(card: CollectionCard) -> None:
    name = st.text_input("Name", value=card.title, key="new_name")
    if st.button("Rename", type="primary", key="rename_now"):
        try:
            maps.pipeline().library.rename(slug_of(card), name)
        except ImgsimError as error:
            st.error(plain(sentence(str(error))))
        else:
            st.rerun()


@st.dialog("Remove this collection?")
def _remove(card: CollectionCard) -> None:
    st.markdown(
        f"**{plain(card.title)}** leaves the list, and the copies of files that you dropped here are deleted. "
        "Your own folders and files stay as they are."
    )
    if st.button("Remove it", type="primary", key="remove_now"):
        try:
            maps.pipeline().library.remove(slug_of(card))
        except ImgsimError as error:
            st.error(plain(sentence(str(error))))
        else:
            st.rerun()
