"""Search: which pictures are like this one, this part of it, these words, or what I like?"""

import streamlit as st

from imgsim.ui import map_state, search, search_controls, search_map, search_query
from imgsim.ui.left_out import left_out
from imgsim.ui.search_state import ADDRESS

view, problems = ADDRESS.read()
sidebar = st.sidebar.container()
st.header("What is like this?", anchor=False)
map_state.notices(problems)
opened = search.opened(view)
with sidebar:
    search_controls.sidebar(view, opened)
if opened is not None:
    left, right = st.container(key="search").columns([3, 7], gap="medium")
    with left:
        search_query.panel(view, opened)
    with right:
        scene = search.scene(view, opened)
        if scene is not None:
            search.results(scene)
    if scene is not None:
        search_map.section(scene)
    left_out(opened.collection)
