"""A picture that somebody brings to a page: kept beside the collections, and named in the address by its reference."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from imgsim import uploads
from imgsim.errors import ImgsimError


def keep(widget: str, change: Callable[[str], None]) -> None:
    """Give `change` the reference of what the upload or camera widget of that key holds; called by its `on_change`.

    What cannot be kept is said in the page's next notice, and changes nothing.
    """
    file = st.session_state[widget]
    if file is None:
        return
    try:
        change(uploads.keep(file.getvalue()))
    except ImgsimError as error:
        st.session_state["notice"] = refused(file.name, error)


def refused(name: str, error: ImgsimError) -> str:
    """What is said of a file that cannot be used."""
    return f"The file {name} was not taken: {str(error).rstrip('.')}; choose another one."
