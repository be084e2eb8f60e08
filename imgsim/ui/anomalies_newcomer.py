"""A picture of one's own on the anomalies page: its score and heat by what the normal pictures have taught."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import streamlit as st

from imgsim import anomalies as core
from imgsim import uploads
from imgsim.anomalies import heat
from imgsim.errors import ImgsimError
from imgsim.raster import scale_to
from imgsim.types import Image
from imgsim.ui import anomalies, brought, maps, pair_controls, progress
from imgsim.ui.anomalies import SIDE, Scene
from imgsim.ui.anomalies_state import update
from imgsim.ui.progress import plain, sentence

KEY = "anomalies_upload"
MEGABYTES = 100  # of an uploaded file


def newcomer(scene: Scene) -> None:
    """Bring a picture; then how strange it is, and where."""
    st.file_uploader(
        "A new picture to judge", pair_controls.KINDS, key=KEY, max_upload_size=MEGABYTES, on_change=_uploaded
    )
    reference = scene.view.new
    if not uploads.is_kept(reference):
        st.caption("It stays on this computer. It is judged by what all normal pictures here have taught.")
        return
    try:
        picture = uploads.read(reference)
        found = core.judged(maps.pipeline(), scene.request, picture)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return
    if found is None:
        arguments = {**asdict(scene.request), "picture": reference}
        progress.have_done("newcomer", arguments, "Judging your picture")
        return
    _shown(scene, np.ascontiguousarray(scale_to(picture, SIDE)), found)
    # Outside of the fragment, which would run alone and leave the picture where it is.
    st.button("Take it away", key="anomalies_new_clear", on_click=lambda: update(new=""))


def _uploaded() -> None:
    brought.keep(KEY, lambda reference: update(new=reference))


@st.fragment
def _shown(scene: Scene, picture: Image, found: core.Newcomer) -> None:
    left, middle, right = st.container(key="anomalies_newcomer").columns([3, 3, 2], gap="medium")
    left.html(anomalies.figure(picture, "Your picture"))
    with right:
        st.markdown(f"**{verdict(scene, found)}**")
        st.markdown(f"Score {found.score:.3g}, {core.DETECTORS[scene.detector].unit}.")
        n = len(scene.found.normal_scores)
        st.caption(f"Stranger than {100 * found.stranger_than(scene.found):.0f} % of {n:,} normal pictures.")
        if scene.found.all_normal:
            st.caption("Nothing says which pictures here are normal, so all were taken as such.")
        opacity = st.slider("Opacity of the heat", 0, 100, 70, format="%d %%", key="anomalies_new_opacity")
    if found.map is None or scene.found.maps is None:
        middle.caption(anomalies.NO_PLACE)
        return
    scale = heat.scale_of(scene.found.maps, np.flatnonzero(scene.found.truth == 0))
    drawn = heat.overlay(picture, heat.full(found.map, *picture.shape[:2]), scale, opacity / 100)
    middle.html(anomalies.figure(drawn, "More orange is stranger; the scale of all pictures"))


def verdict(scene: Scene, found: core.Newcomer) -> str:
    """Above or below the threshold, in words."""
    limit = scene.verdict.threshold
    if limit is None:
        return "There is no threshold here."
    return f"{'Above' if found.score > limit.value else 'Not above'} the threshold of {limit.value:.3g}."
