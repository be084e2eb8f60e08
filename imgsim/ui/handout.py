"""A button that gives the figures of a page as one HTML file to hand out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

from imgsim.plots.handout import handout_page


def button(title: str, figures: Sequence[Any], text: str, key: str) -> None:
    """The file is made when it is asked for; it opens offline and asks for nothing. Emphasis becomes plain text."""
    title, text = unmarked(title), unmarked(text)
    st.download_button(
        "Save as an interactive page",
        lambda: handout_page(title, [text], figures).encode(),
        file_name=re.sub(r"[^\w]+", "-", title).strip("-").lower()[:60] + ".html",
        mime="text/html",
        key=key,
        on_click="ignore",
        help="One HTML file of about 5 MB that opens offline, to hand out.",
    )


def unmarked(text: str) -> str:
    """Markdown without its marks of emphasis."""
    return re.sub(r"(\*+|`)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
