"""What a method sees: what happens to one picture on its way to its vector?"""

import streamlit as st

from imgsim.ui import inspector, map_state
from imgsim.ui.inspector_state import ADDRESS

view, problems = ADDRESS.read()
with st.sidebar:
    inspector.sidebar(view)
st.header("What a method sees", anchor=False)
map_state.notices(problems)
inspector.walk(view)
