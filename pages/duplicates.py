"""Duplicates: which pictures are copies, and which one of each group to keep?"""

import streamlit as st

from imgsim.ui import duplicates, duplicates_methods, map_state
from imgsim.ui.duplicates_state import ADDRESS

PARTS = {
    "Groups": duplicates.groups,
    "Thresholds": duplicates.workbench,
    "Which method?": duplicates_methods.methods,
    "Export": duplicates.export,
}

view, problems = ADDRESS.read()
with st.sidebar:
    duplicates.sidebar(view)
map_state.notices(problems)
scene = duplicates.scene(view)
if scene is not None:
    duplicates.summary(scene)
    part = st.pills("Part", list(PARTS), default="Groups", key="dup_part", label_visibility="collapsed")
    PARTS[part or "Groups"](scene)
