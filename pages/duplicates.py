"""Duplicates: which pictures are copies, and which one of each group to keep?"""

import streamlit as st

from imgsim.ui import duplicates, duplicates_methods, map_state
from imgsim.ui.duplicates_state import ADDRESS
from imgsim.ui.left_out import left_out

PARTS = {
    "Groups": duplicates.groups,
    "Thresholds": duplicates.workbench,
    "Which method?": duplicates_methods.methods,
    "Export": duplicates.export,
}

view, problems = ADDRESS.read()
with st.sidebar:
    duplicates.sidebar(view)
st.header("Which pictures are copies?", anchor=False)
map_state.notices(problems)
scene = duplicates.scene(view)
if scene is not None:
    duplicates.summary(scene)
    part = st.pills("Part", list(PARTS), default="Groups", required=True, key="dup_part", label_visibility="collapsed")
    PARTS[part or "Groups"](scene)
    left_out(scene.collection)
