"""The coarse map that a page shows while the job refines it."""

from __future__ import annotations

import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.pipeline import MapRequest
from imgsim.projections.coarse import SAMPLE
from imgsim.ui import maps, state
from imgsim.ui.scatter import Panel, scatter

EVERY = 2.0  # seconds between two looks whether it is there


def sketch() -> None:
    """Show the coarse map of the view in the URL once there is one; only while its job runs."""
    st.fragment(_look, run_every=EVERY)()


def _look() -> None:
    view = state.read()[0]
    try:
        found = maps.pipeline().cached_coarse(MapRequest(**view.request()))
    except ImgsimError:  # the page says so already
        return
    if found is None:
        return
    key, projection = found
    n = len(projection.xy)
    st.caption(
        f"A coarse map meanwhile: {SAMPLE:,} of {n:,} images are laid out, each of the others lies among the "
        "nearest of these. Hover to see a picture; neighbours and figures come with the finished map."
    )
    scatter([Panel("Coarse map", projection.key, "being refined")], collection_key=key, key="sketch", height=520)
