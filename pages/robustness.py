"""Robustness: what is this method blind to?"""

import streamlit as st

from imgsim.ui import compare_maps, map_state, robustness, robustness_controls, robustness_known, robustness_sweep
from imgsim.ui.robustness_state import ADDRESS

view, problems = ADDRESS.read()
with st.sidebar:
    robustness_controls.sidebar(view)
st.header("What is this method blind to?", anchor=False)
map_state.notices(problems)
if compare_maps.ready(view.maps()):
    robustness.robustness(robustness_known.section, robustness_sweep.section)
