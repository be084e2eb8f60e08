"""Compare: which method sees what, and which one serves these pictures best?"""

import streamlit as st

from imgsim.ui import (
    compare,
    compare_controls,
    compare_disagree,
    compare_find,
    compare_honesty,
    compare_maps,
    map_state,
)
from imgsim.ui.compare_state import ADDRESS, DISAGREE, FIND, HONEST

view, problems = ADDRESS.read()
with st.sidebar:
    compare_controls.sidebar(view)
map_state.notices(problems)
if compare_maps.ready(view):
    compare.compare({FIND: compare_find.section, DISAGREE: compare_disagree.section, HONEST: compare_honesty.section})
