"""Few labels: how far do a handful of examples go?"""

import streamlit as st

from imgsim.ui import few_labels, few_labels_controls, few_labels_doubts, few_labels_result, map_state, spaces
from imgsim.ui.few_labels_state import ADDRESS
from imgsim.ui.left_out import left_out

PARTS = {
    "Label": few_labels.label,
    "Result": few_labels_result.result,
    "Doubtful labels": few_labels_doubts.doubts,
    "How many labels?": few_labels_doubts.curve,
}

view, problems = ADDRESS.read()
sidebar = st.sidebar.container()
st.header("How far does a handful of labels go?", anchor=False)
map_state.notices(problems)
ready = spaces.ready(view.collection, [view.method], graph=True)
with sidebar:
    few_labels_controls.sidebar(view, ready.collection if ready else None)
if ready is not None:
    scene = few_labels.scene(view, ready)
    part = st.pills("Part", list(PARTS), default="Label", required=True, key="few_part", label_visibility="collapsed")
    PARTS[part or "Label"](scene)
    left_out(scene.collection)
