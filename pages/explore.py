"""Explore: what does this method think is alike, and where does its map mislead?"""

import streamlit as st

from imgsim.ui import controls, explore, map_state, state

view, problems = state.read()
with st.sidebar:
    controls.pipeline_controls(view)
map_state.notices(problems)
if map_state.ready(view):
    explore.explore()
map_state.unreadable(view)
