"""Pair: why are these two similar?"""

import streamlit as st

from imgsim.ui import map_state, maps, pair, pair_controls
from imgsim.ui.pair_state import ADDRESS

view, problems = ADDRESS.read()
key = pair.opened(view)
with st.sidebar:
    pair_controls.sidebar(view, maps.pipeline().load_collection(key) if key else None)
st.header("Why are these two similar?", anchor=False)
map_state.notices(problems)
scene = pair.scene(view, key) if key else None
if scene is not None:
    pair_controls.pictures(scene.key, scene.collection, (scene.a, scene.b))
    table, why = st.container(), st.container()
    with why:  # asked for first: it takes a second, the table may take a minute
        pair.evidence(scene)
    with table:
        pair.likeness(scene)
