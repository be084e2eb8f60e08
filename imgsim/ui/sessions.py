"""Saving all pages' views to one file, and opening such a file to the same picture."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from imgsim import session
from imgsim.errors import ImgsimError
from imgsim.session import Session, finding
from imgsim.ui import maps
from imgsim.ui.address import LAST_PAGE, SHARED
from imgsim.ui.progress import plain, sentence

PAGES = Path(__file__).resolve().parents[2] / "pages"
_VIEW = "view_"


def panel() -> None:
    """What is shown on all pages as a file, and back."""
    with st.expander("Session: save what is on all pages, or open it again"):
        st.caption(
            "One small file with the collections by their fingerprint, the methods, parameters, seeds, selections and "
            "tags of all pages, and the versions they were made with. No picture is in it: who opens it needs the same "
            "pictures, in whatever folder they lie, and is told what differs."
        )
        page, seen = last_page(), views()  # now: when the file is made there is no session state to ask
        st.download_button(
            "Save session",
            lambda: session.save(maps.pipeline(), page, seen),
            file_name="imgsim-session.json",
            mime="application/json",
            key="session_save",
            on_click="ignore",
        )
        brought = st.file_uploader("Open a session file", ["json"], key="session_open")
        if brought is not None:
            _opened(brought.getvalue())


def views() -> dict[str, dict[str, str]]:
    """The views of all pages that this browser session has seen."""
    return {
        str(key).removeprefix(_VIEW): dict(value)
        for key, value in st.session_state.items()
        if str(key).startswith(_VIEW) and isinstance(value, dict)
    }


def last_page() -> str:
    """The page that was seen last before this one; Explore where there was none."""
    page = str(st.session_state.get(LAST_PAGE, ""))
    return page if page in views() and (PAGES / f"{page}.py").is_file() else "explore"


def take_over(opened: Session) -> None:
    """Make the views of a session those of this browser session."""
    for page, view in opened.views.items():
        st.session_state[f"{_VIEW}{page}"] = dict(view)
    collection = opened.views.get(opened.page, {}).get(SHARED)
    if collection:
        st.session_state["collection_on_pages"] = collection


def _opened(data: bytes) -> None:
    try:
        opened, elsewhere = finding.here(maps.pipeline(), session.load(data))
        differs = session.differences(maps.pipeline(), opened)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return
    for one in elsewhere:
        st.info(plain(sentence(one)))
    for one in differs:
        st.warning(plain(sentence(one)))
    if not differs:
        st.success("Nothing differs: the same collections, tags and versions are here.")
    if session.missing_tags(maps.pipeline(), opened):
        st.button("Take over the tags", on_click=session.add_tags, args=(maps.pipeline(), opened), key="session_tags")
    page = PAGES / f"{opened.page}.py"
    if page.is_file() and st.button("Open it", type="primary", key="session_go"):
        take_over(opened)
        st.switch_page(page, query_params=opened.views.get(opened.page, {}))
