"""The picture that is searched with: a region can be drawn on it; one pasted or dropped on the page replaces it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from imgsim import uploads
from imgsim.errors import InputError
from imgsim.queries import Region
from imgsim.ui.told import told

_HTML = '<div class="imgsim-query"></div>'
_UI = Path(__file__).parent


def query_picture(
    source: str,
    name: str,
    region: Region | None,
    *,
    key: str,
    on_region: Callable[[], None],
    on_brought: Callable[[], None],
) -> None:
    """Show the picture at an address with its region; "" for a place to bring one to.

    In the callbacks `region_of(key)` is the box that was drawn, and `brought(key)` keeps what was pasted or dropped.
    """
    box = None if region is None else [region.x, region.y, region.width, region.height]
    _component()(
        key=key,
        data=told(src=source, name=name, region=box),
        on_region_change=on_region,
        on_brought_change=on_brought,
    )


def said_region(key: str) -> bool:
    """Whether anything was drawn or removed; a run that takes over another's may have lost what."""
    return _said(key, "region") is not None


def region_of(key: str) -> str:
    """The region drawn last as text, "" for the whole picture; in the run after it was drawn.

    Raises:
        InputError: it is no region.
    """
    box = (_said(key, "region") or {}).get("box")
    if box is None:
        return ""
    try:
        return Region(*map(float, box)).text
    except (TypeError, ValueError) as error:
        raise InputError(f"a region must be a box on the picture, got {str(box)[:60]}; draw it again.") from error


def brought(key: str) -> str:
    """The reference of the picture that was pasted or dropped, now kept; in the run after it.

    Raises:
        InputError: it was too large to be sent.
        UnreadableImageError: it cannot be decoded.
    """
    said = _said(key, "brought") or {}
    if said.get("problem") or not said.get("data"):
        raise InputError(str(said.get("problem") or "must be a picture, got nothing; try the upload instead."))
    try:
        return uploads.keep(base64.b64decode(said["data"], validate=True))
    except binascii.Error as error:
        raise InputError("must be a picture, got something else; try the upload instead.") from error


def name_of(key: str) -> str:
    """What the file that was brought is called."""
    return str((_said(key, "brought") or {}).get("name") or "the picture")


def _said(key: str, event: str) -> Any:
    state = st.session_state.get(key)
    return state.get(event) if state else None


@lru_cache(maxsize=1)
def _component() -> Callable[..., Any]:
    script, style = ((_UI / f"query_picture.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return st.components.v2.component("imgsim_query_picture", html=_HTML, css=style, js=script, isolate_styles=False)
