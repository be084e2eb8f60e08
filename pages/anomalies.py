"""Anomalies: what is not like the normal pictures, and where?"""

import streamlit as st

from imgsim.ui import anomalies, anomalies_controls, anomalies_measures, anomalies_newcomer, map_state
from imgsim.ui.anomalies_state import ADDRESS
from imgsim.ui.left_out import left_out

PARTS = {
    "Pictures": anomalies.pictures,
    "Your picture": anomalies_newcomer.newcomer,
    "How well": anomalies_measures.measures,
    "Table": anomalies.take_home,
}

view, problems = ADDRESS.read()
sidebar = st.sidebar.container()
st.header("What is not like the normal pictures?", anchor=False)
map_state.notices(problems)
collection = anomalies.opened(view.collection)
test = anomalies.opened(view.test) if view.test and collection is not None else None
with sidebar:
    anomalies_controls.sidebar(view, collection, test)
ready = collection is not None and (test is not None or not view.test)
scene = anomalies.scene(view, collection, test) if ready else None
if scene is not None:
    anomalies.summary(scene)
    part = st.pills(
        "Part", list(PARTS), default="Pictures", required=True, key="anomalies_part", label_visibility="collapsed"
    )
    PARTS[part or "Pictures"](scene)
    left_out(scene.found.collection)
