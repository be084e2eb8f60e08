"""Products: what looks like this item, or goes with it?"""

import streamlit as st

from imgsim.ui import map_state, products, products_controls, spaces
from imgsim.ui.left_out import left_out
from imgsim.ui.products_state import ADDRESS

view, problems = ADDRESS.read()
sidebar = st.sidebar.container()
st.header("What looks like this item?", anchor=False)
map_state.notices(problems)
ready = spaces.ready(view.collection, view.specs())
with sidebar:
    products_controls.sidebar(view, ready.collection if ready else None)
scene = products.scene(view, ready) if ready else None
if scene is not None:
    products.show(scene)
    products.catalogue(scene)
    left_out(scene.spaces.collection)
